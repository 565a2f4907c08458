import { utf8 } from '../../src/format/bytes.js';
import type { ForgedMember } from '../../test/support/forge-bundle.js';
import { type BundleFault, forged, withSegment } from './bundle-fault.js';
import { type BundlePlan, MODEL } from './bundles.js';

// What only somebody with the data key can do.

/** The text of the table with one change, which must change it. */
function replaced(from: string, to: string): Partial<BundlePlan> {
  return {
    table: (text) => {
      const all = text.toString();
      if (!all.includes(from)) throw new Error(`the table has no ${from}`);
      return utf8(all.replace(from, to));
    },
  };
}

function members(change: (all: ForgedMember[]) => ForgedMember[]): Partial<BundlePlan> {
  return { members: change([...MODEL]) };
}

const dir = (path: string): ForgedMember => ({ kind: 'directory', path });
const link = (path: string, target: string): ForgedMember => ({ kind: 'link', path, target });
const open = (path: string): ForgedMember => ({ kind: 'public', path, plaintext: utf8('x') });
const only = (...all: ForgedMember[]): Partial<BundlePlan> => ({ members: all });

export function tables(): BundleFault[] {
  const I = 'TABLE_INVALID';
  return [
    forged('line-unfinished', 'The last line has no line feed.', I, {
      table: (text) => text.subarray(0, -1),
    }),
    forged('line-empty', 'An empty line.', I, { table: (text) => Buffer.concat([text, utf8('\n')]) }),
    forged('line-blank', 'A blank in a line.', I, replaced('"kind":"directory"', '"kind": "directory"')),
    forged(
      'line-order',
      'The members of a line in another order.',
      I,
      replaced('{"kind":"directory","path":"empty"}', '{"path":"empty","kind":"directory"}'),
    ),
    forged(
      'line-more',
      'A member that version 1 does not have.',
      I,
      replaced('"path":"empty"}', '"path":"empty","size":0}'),
    ),
    forged('line-kind', 'A kind that there is not.', I, replaced('"kind":"directory"', '"kind":"device"')),
    forged(
      'line-escaped',
      'A letter that is escaped.',
      'TABLE_INVALID',
      replaced('"path":"empty"', '"path":"\\u0065mpty"'),
    ),
    forged('line-executable', 'Executable, and not 1.', I, replaced('"executable":1', '"executable":0')),
    forged('line-size', 'A size with a zero before it.', I, replaced('"size":40}', '"size":040}')),
    forged('line-size-large', 'A size of 2^53.', I, replaced('"size":40}', '"size":9007199254740992}')),
    forged('line-size-negative', 'A size below zero.', I, replaced('"size":40}', '"size":-1}')),
    forged(
      'sizes-too-large',
      'Sizes that add up to 2^53.',
      I,
      replaced('"size":40}', '"size":9007199254740991}'),
    ),
    forged('line-too-long', 'A line of more than 16,384 bytes.', I, {
      table: (text) => Buffer.concat([utf8(`{"kind":"directory","path":"${'a'.repeat(17_000)}"}\n`), text]),
    }),
    forged('header-of-none', 'A payload’s header with segments of 63 bytes.', I, {
      table: (text) =>
        utf8(
          text
            .toString()
            .replace(/"header":"([^"]+)"/, (_all, header: string) => `"header":"${withSegment(header, 63)}"`),
        ),
    }),
    forged('base64-padded', 'Base64url with padding.', I, {
      table: (text) => utf8(text.toString().replace(/"id":"([^"]+)"/, '"id":"$1=="')),
    }),
    forged(
      'order',
      'Two lines exchanged.',
      I,
      members(([a, b, ...rest]) => [b!, a!, ...rest]),
    ),
    forged(
      'twice',
      'A member twice.',
      I,
      members((all) => [all[0]!, ...all]),
    ),
    forged(
      'no-directory',
      'A member whose directory is none.',
      I,
      members((all) => all.filter(({ path }) => path !== 'onnx')),
    ),
    forged('in-a-file', 'A member in a file.', I, only(open('a'), open('a/b'))),
    forged(
      'files-equal',
      'Two payloads of one name.',
      I,
      only({ kind: 'sealed', path: 'a', file: 'x' }, { kind: 'sealed', path: 'b', file: 'x' }),
    ),
    forged(
      'file-is-public',
      'A payload with the name of a public member.',
      I,
      only({ kind: 'sealed', path: 'a', file: 'b' }, open('b')),
    ),
    forged(
      'file-is-directory',
      'A payload with the name of a directory.',
      I,
      only({ kind: 'sealed', path: 'a', file: 'd' }, dir('d'), open('d/b')),
    ),
    forged(
      'file-is-envelope',
      'A payload with the name of the envelope.',
      I,
      only({ kind: 'sealed', path: 'a', file: 'weightseal.json' }),
    ),
    forged(
      'public-is-table',
      'A public member with the name of the table.',
      I,
      only(open('weightseal.table')),
    ),
    forged(
      'public-is-manifest',
      'A public member with the name of the manifest.',
      I,
      only(open('weightseal.manifest.json')),
    ),
    forged(
      'file-is-signature',
      'A payload with the name of the signature.',
      I,
      only({ kind: 'sealed', path: 'a', file: 'weightseal.sig' }),
    ),
    forged(
      'file-is-lock',
      'A payload with the name of a lock.',
      I,
      only({ kind: 'sealed', path: 'a', file: '.0.weightseal-lock' }),
    ),
    forged(
      'below-envelope',
      'A file in a directory with the name of the envelope.',
      I,
      only(dir('weightseal.json'), open('weightseal.json/a')),
    ),
    forged('digest-wrong', 'The digest of the table in the envelope is not its own.', 'TABLE_TAMPERED', {
      reference: (table) => ({ ...table, digest: new Uint8Array(32) }),
    }),
    ...paths(),
    forged('link-to-nothing', 'A link to no member.', 'LINK_INVALID', only(link('a', 'b'))),
    forged('link-to-itself', 'A link to itself.', 'LINK_INVALID', only(link('a', 'a'))),
    forged(
      'link-to-link',
      'A link to a link.',
      'LINK_INVALID',
      only(link('a', 'b'), link('b', 'c'), open('c')),
    ),
    forged(
      'link-to-above',
      'A link to the directory that it is in.',
      'LINK_INVALID',
      only(dir('a'), link('a/b', 'a')),
    ),
    forged(
      'link-circle',
      'Two directories with links to each other.',
      'LINK_INVALID',
      only(dir('a'), link('a/x', 'b'), dir('b'), link('b/x', 'a')),
    ),
  ];
}

function paths(): BundleFault[] {
  const bad: Readonly<Record<string, string>> = {
    'path-absolute': '/etc/passwd',
    'path-above': '../a',
    'path-above-within': 'a/../../b',
    'path-dot': './a',
    'path-empty-name': 'a//b',
    'path-slash-at-end': 'a/',
    'path-newline': 'a\nb',
    'path-nul': 'a\0b',
    'path-delete': 'a\u007fb',
    'path-c1': 'a\u0085b',
    'path-backslash': 'a\\b',
    'path-right-to-left': 'a\u202egnp.exe',
    'path-line-separator': 'a\u2028b',
    'path-long-name': 'n'.repeat(256),
    'path-long': Array.from({ length: 9 }, () => 'n'.repeat(250)).join('/'),
    'path-deep': Array.from({ length: 65 }, () => 'd').join('/'),
  };
  const named = Object.entries(bad).map(([name, path]) =>
    forged(name, `The path ${JSON.stringify(path.slice(0, 40))}.`, 'PATH_INVALID', only(dir(path))),
  );
  return [
    ...named,
    forged('path-empty', 'An empty path.', 'PATH_INVALID', only(dir(''))),
    forged('path-not-utf8', 'A path that is not UTF-8.', 'TABLE_INVALID', {
      table: () => Buffer.from('{"kind":"directory","path":"a\xff"}\n', 'latin1'),
    }),
    forged('path-surrogate', 'A surrogate in UTF-8.', 'TABLE_INVALID', {
      table: () => Buffer.from('{"kind":"directory","path":"a\xed\xa0\x80"}\n', 'latin1'),
    }),
    forged(
      'file-above',
      'A payload outside of the bundle.',
      'PATH_INVALID',
      only({ kind: 'sealed', path: 'a', file: '../a' }),
    ),
    forged('target-above', 'A target outside of the bundle.', 'PATH_INVALID', only(link('a', '../b'))),
  ];
}
