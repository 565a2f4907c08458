import type { SignerInput, SummaryLayer, TrustInput, TrustRuleInput } from '@weightseal/config';
import type { Context } from '@weightseal/core';
import { pairs, printable, quote } from './text.js';

/** What a configuration says of a key besides its URI, to the end of a line. */
export function more({
  formerUris = [],
  deadlineMs,
}: {
  readonly formerUris?: readonly string[] | undefined;
  readonly deadlineMs?: number | undefined;
}): string {
  const former = formerUris.length > 0 ? `, formerly ${formerUris.map(quote).join(', ')}` : '';
  return `${former}${deadlineMs === undefined ? '' : `, ${deadlineMs} ms`}`;
}

/** What the context of a rule sets, and what it wants to be given, to the end of a line. */
export function bound(context: Context, requiredContext: readonly string[]): string {
  const said = [
    ...(Object.keys(context).length > 0 ? [pairs(context)] : []),
    ...requiredContext.map((name) => `${quote(name)}: as given`),
  ];
  return said.length > 0 ? `; context ${said.join(', ')}` : '';
}

export type SummaryProvider = NonNullable<SummaryLayer['providers']>[number];

/** Whose code is run for the keys and stores of a scheme, to the end of a line. */
export function runs({
  scheme,
  module,
  options,
}: Omit<SummaryProvider, 'options'> & Partial<SummaryProvider>): string {
  const given = options === undefined ? '' : `, with ${printable(JSON.stringify(options))}`;
  return `${quote(module)} for keys and stores of ${printable(scheme)}:${given}`;
}

/** Whom a configuration trusts to release models, a line for each rule. */
export function trustLines({ rules = [], others = 'enforce', state }: TrustInput): string[] {
  const rest = {
    enforce: 'others are refused',
    warn: 'others are opened, with a warning',
    off: 'others are opened',
  };
  return [
    ...rules.map(ruleLine),
    rest[others],
    ...(state === 'none' ? ['highest numbers of channels are not kept'] : []),
  ];
}

function ruleLine({ model, signers = [], minVersion, notAfter, require, channel }: TrustRuleInput): string {
  const at = typeof channel === 'object' ? channel.at : channel;
  const own = (typeof channel === 'object' && channel.signers) || [];
  return [
    `${[model].flat().map(quote).join(' or ')} by ${signers.map(signerText).join(' or ') || 'nobody'}`,
    ...(minVersion === undefined ? [] : [`from ${quote(minVersion)}`]),
    ...(notAfter === undefined ? [] : [`made until ${quote(notAfter)}`]),
    ...(at === undefined
      ? []
      : [`current by ${quote(at)}${own.length > 0 ? ` of ${own.map(signerText).join(' or ')}` : ''}`]),
    ...(require === 'warn' ? ['only warns'] : require === 'off' ? ['not looked at'] : []),
  ].join('; ');
}

function signerText(signer: SignerInput): string {
  if ('key' in signer) return `the key ${quote(signer.key)}`;
  if ('sigstore' in signer) return `${quote(signer.sigstore.identity)} (${quote(signer.sigstore.issuer)})`;
  const { roots, identity } = signer.certificate;
  const name = identity === undefined ? 'any certificate' : quote(identity);
  return `${name} of ${[roots].flat().map(quote).join(', ')}`;
}
