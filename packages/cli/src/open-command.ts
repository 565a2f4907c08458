import type { Context } from '@weightseal/core';
import { fs, path } from './builtins.js';
import type { ToSeal } from './keys.js';
import { isUri } from './place.js';
import type { Args } from './types.js';

/**
 * The words of the one command that opens what was just sealed, with the whole context. It can be run
 * as it stands, so what it writes has a name that is not there.
 */
export function openCommand(args: Args, output: string, key: string, context: Context | undefined): string[] {
  const said = (flag: string): string[] => {
    const value = args.one(flag);
    return value === undefined ? [] : [`--${flag}`, value];
  };
  return [
    ...['weightseal', 'open', operand(output), '--output', output === '-' ? '-' : plaintextBeside(output)],
    ...['--key', key],
    ...Object.entries(context ?? {}).flatMap(([name, value]) => ['--context', `${name}=${value}`]),
    ...args.many('provider').flatMap((named) => ['--provider', named]),
    ...[...said('config'), ...said('profile')],
    ...(args.has('allow-key-of-others') ? ['--allow-key-of-others'] : []),
  ];
}

/** The first recipient, as it is named here: it has just proved that it opens. */
export function openingKey(args: Args, { recipients, configuration }: ToSeal['used']): string {
  const [given] = args.many('key');
  if (given !== undefined) return given;
  const { name, keyUri } = recipients.find((one) => one.name !== undefined) ?? recipients[0]!;
  const [, scheme, file = ''] = /^(local|passphrase):(.+)$/s.exec(keyUri) ?? [];
  if (name !== undefined || scheme === undefined || path.isAbsolute(file)) return name ?? keyUri;
  // In a configuration a path counts from there.
  return `${scheme}:${path.join(path.dirname(configuration!), file)}`;
}

/** Not an option. */
function operand(file: string): string {
  return file.startsWith('-') && file !== '-' ? `./${file}` : file;
}

/** `model.bin` of `model.bin.sealed`, or `opened-model.bin` where that is there. */
function plaintextBeside(sealed: string): string {
  // What is in a store is opened here.
  const above = isUri(sealed) ? '.' : path.dirname(sealed);
  const name = path.basename(sealed).replace(/(?<=.)\.sealed$/, '');
  const names = [
    name,
    `opened-${name}`,
    ...Array.from({ length: 98 }, (_, at) => `opened-${at + 2}-${name}`),
  ];
  const free = names.map((one) => path.join(above, one)).find((one) => !isThere(one));
  return operand(free ?? path.join(above, `${name}.opened`));
}

function isThere(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}
