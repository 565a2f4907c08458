import type { StoredEntry } from '@weightseal/core';
import { count } from '../bundle/notes.js';
import { usageError } from '../cli-error.js';
import { core } from '../core.js';
import { write } from '../output.js';
import { Place } from '../place.js';
import { printable, quote, size } from '../text.js';
import type { Args, Result, Session } from '../types.js';

const NUMBER = 9;

/** What is found is told as it comes: there may be more of it than fits into memory. */
export async function ls(args: Args, session: Session): Promise<Result> {
  const { operand: input } = args;
  if (input === '-')
    throw usageError('ls: It lists a place, and no standard input. (A directory named - is ./-.)');
  await using place = await Place.of(args, input);
  const { listSealed } = await core();
  const json = args.has('json');
  const found = { sealed: 0, bundle: 0, directory: 0, release: 0, other: 0 };
  let sealedSize = 0;
  let begun = false;
  session.waiting(`listing ${printable(input)}`);
  const tell = (text: string) => {
    write(1, json ? `${begun ? ',' : head(input)}${printable(text)}` : `${text}\n`);
    begun = true;
  };
  for await (const entry of listSealed(place.at, {
    recursive: args.has('recursive'),
    signal: session.signal,
  })) {
    found[entry.kind]++;
    const counted = entry.kind === 'other' || (entry.kind === 'release' && entry.path !== '');
    if (counted && !args.has('all')) continue;
    sealedSize += entry.sealedSize ?? 0;
    tell(json ? JSON.stringify({ ...entry, path: entry.path || nameOf(input) }) : lineOf(entry, input));
  }
  if (json && !begun) write(1, head(input));
  const { sealed, bundle, directory, release, other } = found;
  const rest =
    other > 0 && !args.has('all')
      ? `; ${count(other, 'file')} that ${other === 1 ? 'is' : 'are'} not sealed`
      : '';
  return {
    value: {
      sealedSize,
      sealedFiles: sealed,
      bundles: bundle,
      directories: directory,
      releases: release,
      others: other,
    },
    lines: [`${count(sealed, 'sealed file')} and ${count(bundle, 'bundle')}, ${size(sealedSize)}${rest}`],
    begun: true,
    essential: true,
  };
}

function head(input: string): string {
  return `{"input":${printable(JSON.stringify(input))},"entries":[`;
}

/** What kind it is, how large, when it was written, and its path from what was named. */
function lineOf({ kind, path, sealedSize, modified }: StoredEntry, input: string): string {
  const bytes = sealedSize === undefined ? '' : size(sealedSize);
  const at = modified === undefined ? '' : modified.slice(0, 16).replace('T', ' ');
  const name = path === '' ? nameOf(input) : path;
  return `${kind.padEnd(NUMBER)}  ${bytes.padStart(NUMBER)}  ${at.padEnd(16)}  ${quote(kind === 'directory' || kind === 'bundle' ? `${name}/` : name)}`;
}

/** Of what was named itself. */
function nameOf(input: string): string {
  return input.replace(/\/+$/, '').replace(/^.*\//s, '');
}
