import type { ConfigStatus, ConfigSummary, SummaryLayer } from '@weightseal/config';
import { usageError } from '../cli-error.js';
import { bound, more, runs, trustLines } from '../configured.js';
import { list, printable, quote } from '../text.js';
import type { Args, Result } from '../types.js';

export async function configShow({ operands }: Args): Promise<Result> {
  const { configStatus } = await import('@weightseal/config');
  const found = await Promise.all(filesOf(operands).map((path) => configStatus({ path })));
  const shown = found.filter((status) => status !== undefined);
  if (shown.length === 0)
    throw usageError('config show: No weightseal.config file was found here or above; name one.');
  return { value: { configurations: shown.map(plain) }, lines: shown.flatMap(lines), essential: true };
}

export async function configTrust({ operands }: Args): Promise<Result> {
  const { trustConfig } = await import('@weightseal/config');
  const trusted: ConfigStatus[] = [];
  for (const path of filesOf(operands)) trusted.push(await trustConfig({ path }));
  return { value: { configurations: trusted.map(plain) }, lines: trusted.flatMap(lines) };
}

export async function configUntrust({ operands }: Args): Promise<Result> {
  const { untrustConfig } = await import('@weightseal/config');
  const taken = filesOf(operands).map((path) => untrustConfig({ path }));
  return {
    value: { configurations: taken },
    lines: taken.map(
      ({ path, removed }) => `${quote(path)} ${removed === 0 ? 'was not trusted' : 'is no longer trusted'}`,
    ),
  };
}

function filesOf(operands: readonly string[]): readonly (string | undefined)[] {
  return operands.length > 0 ? operands : [undefined];
}

function plain({ path, status, sha256, refusal, problem, summary }: ConfigStatus): object {
  const { layers, ...rest } = summary ?? {};
  return {
    path,
    status,
    sha256,
    ...(refusal && { refusal: refusal.message }),
    ...(problem && { problem: problem.message }),
    ...rest,
    ...(layers && { layers }),
  };
}

const STATUS: Readonly<Record<ConfigStatus['status'], string>> = {
  named: 'named by WEIGHTSEAL_CONFIG, and so used',
  trusted: 'trusted, as long as it stays as it is',
  untrusted: 'not trusted',
  refused: 'not used',
};

function lines({ path, status, refusal, problem, summary }: ConfigStatus): string[] {
  return [
    ...list('config', [quote(path)]),
    ...list('status', [STATUS[status], ...(refusal ? [printable(refusal.message)] : [])]),
    ...list('mistake', problem ? [printable(problem.message)] : []),
    ...(summary ? said(summary) : []),
  ];
}

function said({ preset, layers, variables, hosts, modules, code, signers }: ConfigSummary): string[] {
  return [
    ...list('profile', preset === undefined ? [] : [quote(preset)]),
    ...layers.flatMap(layerLines),
    ...list('reads', variables.map(quote)),
    ...list('hosts', hosts.map(quote)),
    ...list('modules', modules.map(quote)),
    ...list('code', code?.map(codeLine) ?? []),
    ...list('signers', signers?.map(signerLine) ?? []),
  ];
}

/** The gravest that a configuration can do. */
function codeLine({ module, sha256 }: NonNullable<ConfigSummary['code']>[number]): string {
  const what = sha256 === undefined ? '' : ` (SHA-256 ${sha256})`;
  return `${quote(module)}${what} runs as you, with all that you may do`;
}

function signerLine({ file, sha256 }: NonNullable<ConfigSummary['signers']>[number]): string {
  return `${quote(file)}${sha256 === undefined ? '' : ` (SHA-256 ${sha256})`}`;
}

function storeLine({ of, options }: NonNullable<SummaryLayer['stores']>[number]): string {
  return `${quote(of)}: ${printable(JSON.stringify(options))}`;
}

function layerLines({
  profile,
  keys,
  recipients,
  open,
  deadlineMs,
  hedgeMs,
  providers,
  stores,
  trust,
}: SummaryLayer): string[] {
  const inLayer = [
    ...list(
      'keys',
      keys.map((key) => `${quote(key.name)}: ${quote(key.uri)}${more(key)}`),
    ),
    ...list(
      'seal',
      recipients.map(({ path, keys: names, context, requiredContext }) => {
        const what = path === undefined ? 'everything' : path.map(quote).join(' or ');
        return `${what} for ${names.map(quote).join(', ')}${bound(context, requiredContext)}`;
      }),
    ),
    ...list('open', open === undefined ? [] : [open.map(quote).join(', ')]),
    ...list('deadline', deadlineMs === undefined ? [] : [`${deadlineMs} ms`]),
    ...list('hedge', hedgeMs === undefined ? [] : [`${hedgeMs} ms`]),
    ...list('runs', providers?.map(runs) ?? []),
    ...list('stores', stores?.map(storeLine) ?? []),
    ...list('trust', trust ? trustLines(trust) : []),
  ];
  if (profile === undefined || inLayer.length === 0) return inLayer;
  return [`in ${quote(profile)}`, ...inLayer.map((line) => `  ${line}`)];
}
