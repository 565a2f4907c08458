import type { Channel, SignedBy, TrustedSigner } from '@weightseal/release';
import { Place } from '../place.js';
import { shownSigner, signersOf, signingOf } from '../signing.js';
import { list, quote } from '../text.js';
import type { Args, Result, Session } from '../types.js';
import { duration } from '../values.js';

export async function channelPublish(args: Args, { signal }: Session): Promise<Result> {
  const { operand: input } = args;
  const signing = await signingOf(args, 'channel publish');
  const expires = new Date(Date.now() + duration(args, 'expires')!);
  const earlier = await named(args, 'channel publish');
  await using release = await Place.of(args, input);
  await using at = await Place.of(args, args.one('channel')!);
  const { publishChannel } = await import('@weightseal/release');
  const version = args.one('release-version');
  const said = await publishChannel(release.at, {
    channel: at.at,
    signing,
    expires,
    version,
    earlier,
    signal,
  });
  return {
    value: { input, channel: at.text, ...said },
    lines: [
      `published ${quote(input)} in ${quote(at.text)}: number ${said.counter} of ${quote(said.model)}, until ${said.expires}`,
    ],
  };
}

export async function channelShow(args: Args, { signal }: Session): Promise<Result> {
  const { operand: input } = args;
  const signers = await named(args, 'channel show');
  await using at = await Place.of(args, input);
  const { channelAt, inspectChannel } = await import('@weightseal/release');
  const said: Channel & { signedBy?: SignedBy } = signers
    ? await channelAt(at.at, signers, { signal })
    : await inspectChannel(at.at, { signal });
  const { model, version, manifest, counter, expires, created, signedBy } = said;
  const ended = Date.parse(expires) <= Date.now();
  return {
    value: { channel: input, model, version, manifest, counter, expires, created, ended, signedBy },
    lines: [
      ...list('model', [quote(model)]),
      ...list('version', version === undefined ? [] : [quote(version)]),
      ...list('manifest', [manifest]),
      ...list('number', [String(counter)]),
      ...list('created', [created]),
      ...list('until', [`${expires}${ended ? ', and so no longer' : ''}`]),
      ...list('signed by', signedBy ? [shownSigner(signedBy)] : []),
    ],
    essential: true,
    notes: [
      signedBy
        ? undefined
        : 'no signature was checked: whoever can write there could have written this. Name --public-key, --root, or --identity with --issuer.',
    ],
  };
}

const SIGNERS = ['public-key', 'root', 'identity', 'issuer', 'trusted-root'];

/** Undefined where nobody was named. */
async function named(args: Args, command: string): Promise<TrustedSigner[] | undefined> {
  const isNamed = SIGNERS.some((flag) => args.one(flag) !== undefined || args.many(flag).length > 0);
  return isNamed ? await signersOf(args, command) : undefined;
}
