import { utf8 } from '../../src/format/bytes.js';
import { canonicalJson, type Json } from '../../src/format/canonical-json.js';
import type { ForgedBundle, ForgedMember } from '../../test/support/forge-bundle.js';
import { BUNDLES, type BundlePlan, forgePlan, MODEL } from './bundles.js';

// Bundles with one fault each, that every reader must refuse with the code named.

export interface BundleFault {
  readonly name: string;
  readonly comment: string;
  /** The bundle of bundles.json that it was made from. */
  readonly of: string;
  /** The new bytes of files, in hexadecimal; null for one that is gone. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly code: string;
  /** Only a read of the members finds it: opening the bundle does not. */
  readonly foundByReading?: true;
  /** The code of a reader without a key; it shows a bundle that has none. */
  readonly codeWithoutKey?: string;
}

type Codes = Pick<BundleFault, 'code' | 'foundByReading' | 'codeWithoutKey'>;
type Files = Map<string, Uint8Array>;

function fault(
  name: string,
  comment: string,
  codes: Codes,
  change: (files: Files) => void,
  of = 'model',
): BundleFault {
  const before = BUNDLES.get(of)!.made.files;
  const after = new Map(before);
  change(after);
  return { name, comment, of, files: differences(before, after), ...codes };
}

/** One that somebody with the data key has made: authentic, and against a rule. */
function forged(
  name: string,
  comment: string,
  code: string,
  changes: Partial<BundlePlan>,
  of = 'model',
): BundleFault {
  const { plan, made } = BUNDLES.get(of)!;
  const { files } = forgePlan({ ...plan, as: of, ...changes });
  // Its members need not be there: the table is refused before they are looked at.
  const documents = ['weightseal.json', 'weightseal.table'].map((one) => [one, files.get(one)!] as const);
  return { name, comment, of, files: differences(made.files, new Map([...made.files, ...documents])), code };
}

function differences(
  before: ForgedBundle['files'],
  after: ForgedBundle['files'],
): Record<string, string | null> {
  const changed: Record<string, string | null> = {};
  for (const name of before.keys()) if (!after.has(name)) changed[name] = null;
  for (const [name, bytes] of after) {
    const old = before.get(name);
    if (!old || Buffer.compare(old, bytes) !== 0) changed[name] = Buffer.from(bytes).toString('hex');
  }
  return changed;
}

function flip(name: string, at: number): (files: Files) => void {
  return (files) => {
    const bytes = files.get(name)!.slice();
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = bytes[index]! ^ 1;
    files.set(name, bytes);
  };
}

/** The envelope as an object to change, MAC and all left as they are. */
function envelope(change: (document: Record<string, Json>) => Json): (files: Files) => void {
  return (files) => {
    const document = JSON.parse(Buffer.from(files.get('weightseal.json')!).toString()) as Record<
      string,
      Json
    >;
    files.set('weightseal.json', canonicalJson(change(document)));
  };
}

const E = { code: 'ENVELOPE_INVALID', codeWithoutKey: 'ENVELOPE_INVALID' } as const;
const T = { code: 'TABLE_TAMPERED' } as const;
const M = { code: 'MEMBER_TAMPERED', foundByReading: true } as const;

function storage(): BundleFault[] {
  const { made: other } = BUNDLES.get('one-file')!;
  const swap = (a: string, b: string) => (files: Files) => {
    const [x, y] = [files.get(a)!, files.get(b)!];
    files.set(a, y).set(b, x);
  };
  return [
    fault(
      'envelope-gone',
      'weightseal.json is not there.',
      { code: 'NOT_SEALED', codeWithoutKey: 'NOT_SEALED' },
      (files) => files.delete('weightseal.json'),
    ),
    fault(
      'table-gone',
      'weightseal.table is not there.',
      { code: 'MEMBER_MISSING', codeWithoutKey: 'MEMBER_MISSING' },
      (files) => files.delete('weightseal.table'),
    ),
    fault(
      'payload-gone',
      'A payload is not there.',
      { code: 'MEMBER_MISSING', foundByReading: true },
      (files) => files.delete('weights.sealed'),
    ),
    fault(
      'public-gone',
      'A public member is not there.',
      { code: 'MEMBER_MISSING', foundByReading: true },
      (files) => files.delete('config.json'),
    ),
    fault('extra-file', 'A file that the table does not name.', { code: 'MEMBER_EXTRA' }, (files) =>
      files.set('extra.py', utf8('x')),
    ),
    fault(
      'extra-file-in-directory',
      'Likewise in a directory of the bundle.',
      { code: 'MEMBER_EXTRA' },
      (files) => files.set('onnx/extra', utf8('x')),
    ),
    fault(
      'lock-in-directory',
      'What is passed over at the root is not, deeper.',
      { code: 'MEMBER_EXTRA' },
      (files) => files.set('onnx/.1.weightseal-lock', utf8('')),
    ),
    fault(
      'payloads-swapped',
      'Two payloads in each other’s place; of another length here.',
      M,
      swap('weights.sealed', 'adapter.sealed'),
    ),
    fault('payload-of-another-bundle', 'The payload of another bundle.', M, (files) =>
      files.set('adapter.sealed', other.files.get('model.safetensors.sealed')!),
    ),
    fault('payload-header', 'A bit of a payload’s header is changed.', M, flip('weights.sealed', 15)),
    fault(
      'payload-first-segment',
      'A bit of a first segment is changed.',
      M,
      flip('onnx/model.onnx.sealed', 74 + 20),
    ),
    fault('payload-last-byte', 'A bit of a last tag is changed.', M, flip('onnx/model.onnx.sealed', -1)),
    fault('payload-short', 'A payload lacks its last byte.', M, (files) =>
      files.set('weights.sealed', files.get('weights.sealed')!.slice(0, -1)),
    ),
    fault('payload-cut', 'A payload lacks its last segment.', M, (files) =>
      files.set('onnx/model.onnx.sealed', files.get('onnx/model.onnx.sealed')!.slice(0, 74 + 64)),
    ),
    fault('payload-long', 'A byte follows a payload.', M, (files) =>
      files.set('nothing.sealed', Buffer.concat([files.get('nothing.sealed')!, utf8('x')])),
    ),
    fault('public-changed', 'A public member is changed.', M, flip('config.json', 3)),
    fault('public-long', 'A public member is longer.', M, (files) =>
      files.set('config.json', utf8('{"layers":2} ')),
    ),
    fault(
      'table-header',
      'A bit of the table’s header.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      flip('weightseal.table', 50),
    ),
    fault('table-first-segment', 'A bit of the table’s first segment.', T, flip('weightseal.table', 100)),
    fault('table-last-byte', 'A bit of its last tag.', T, flip('weightseal.table', -1)),
    fault(
      'table-short',
      'The table lacks its last byte.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      (files) => files.set('weightseal.table', files.get('weightseal.table')!.slice(0, -1)),
    ),
    fault('table-long', 'A byte follows the table.', { ...T, codeWithoutKey: 'TABLE_TAMPERED' }, (files) =>
      files.set('weightseal.table', Buffer.concat([files.get('weightseal.table')!, utf8('x')])),
    ),
    fault(
      'table-of-another-bundle',
      'The table of another bundle.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      (files) => files.set('weightseal.table', other.files.get('weightseal.table')!),
    ),
    fault(
      'envelope-of-another-bundle',
      'The envelope of another bundle.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      (files) => files.set('weightseal.json', other.files.get('weightseal.json')!),
    ),
  ];
}

function documents(): BundleFault[] {
  const table = (change: (value: Record<string, Json>) => Json) =>
    envelope((document) => ({ ...document, table: change(document['table'] as Record<string, Json>) }));
  const core = (change: (value: Record<string, Json>) => Json) =>
    envelope((document) => {
      const value = JSON.parse(Buffer.from(document['core'] as string, 'base64url').toString()) as Record<
        string,
        Json
      >;
      return { ...document, core: Buffer.from(canonicalJson(change(value))).toString('base64url') };
    });
  const U = { code: 'UNSUPPORTED_VERSION', codeWithoutKey: 'UNSUPPORTED_VERSION' } as const;
  const A = { code: 'ENVELOPE_TAMPERED' } as const;
  return [
    fault('envelope-newline', 'A line feed after the envelope: it is not canonical.', E, (files) =>
      files.set('weightseal.json', Buffer.concat([files.get('weightseal.json')!, utf8('\n')])),
    ),
    fault('envelope-too-long', 'More than 65,536 bytes.', E, (files) =>
      files.set('weightseal.json', Buffer.alloc(65_537, ' ')),
    ),
    fault('envelope-empty', 'No byte.', E, (files) => files.set('weightseal.json', utf8(''))),
    fault(
      'envelope-more',
      'A member that version 1 does not have.',
      E,
      envelope((document) => ({ ...document, more: 1 })),
    ),
    fault(
      'no-table',
      'No reference to a table: the envelope of a sealed file.',
      E,
      envelope(({ table: _table, generation: _generation, ...rest }) => rest),
    ),
    fault(
      'no-slots',
      'No slot.',
      E,
      envelope((document) => ({ ...document, slots: [] })),
    ),
    fault(
      'generation-zero',
      'Generation 0.',
      E,
      envelope((document) => ({ ...document, generation: 0 })),
    ),
    fault(
      'generation-text',
      'The generation as a text.',
      E,
      envelope((document) => ({ ...document, generation: '1' })),
    ),
    fault(
      'generation',
      'Another generation.',
      A,
      envelope((document) => ({ ...document, generation: 2 })),
    ),
    fault(
      'slot-removed',
      'A recipient was taken out.',
      A,
      envelope((document) => ({ ...document, slots: (document['slots'] as Json[]).slice(0, 1) })),
    ),
    fault(
      'slots-exchanged',
      'The recipients in another order.',
      A,
      envelope((document) => ({ ...document, slots: (document['slots'] as Json[]).toReversed() })),
    ),
    fault(
      'table-too-small',
      'A table that is shorter than one can be.',
      E,
      table((value) => ({ ...value, size: 105 })),
    ),
    fault(
      'table-too-large',
      'A table of more than 1 GiB.',
      E,
      table((value) => ({ ...value, size: 1_073_741_825 })),
    ),
    fault(
      'table-size',
      'Another length of the table.',
      { ...T, codeWithoutKey: 'TABLE_TAMPERED' },
      table((value) => ({ ...value, size: (value['size'] as number) + 1 })),
    ),
    fault(
      'table-digest',
      'Another digest of the table.',
      A,
      table((value) => ({ ...value, digest: Buffer.alloc(32).toString('base64url') })),
    ),
    fault(
      'table-digest-short',
      'A digest of 31 bytes.',
      E,
      table((value) => ({ ...value, digest: Buffer.alloc(31).toString('base64url') })),
    ),
    fault(
      'table-header-long',
      'A header of 75 bytes.',
      E,
      table((value) => ({ ...value, header: Buffer.alloc(75).toString('base64url') })),
    ),
    fault(
      'table-segments',
      'Segments of 63 bytes.',
      E,
      table((value) => ({ ...value, header: withSegment(value['header'] as string, 63) })),
    ),
    fault(
      'core-of-a-file',
      'The format of a sealed file in the core.',
      E,
      core((value) => ({ ...value, format: 'weightseal' })),
    ),
    fault(
      'core-with-payloads',
      'A core with payloads, as a sealed file has it.',
      E,
      core((value) => ({ ...value, payloads: [{ name: 'payload' }] })),
    ),
    fault(
      'core-version',
      'Version 2.',
      U,
      core((value) => ({ ...value, version: 2 })),
    ),
    fault(
      'core-algorithm',
      'Another algorithm.',
      U,
      core((value) => ({ ...value, algorithm: 'none' })),
    ),
    fault(
      'core-context',
      'Another context: the key does not unwrap, or the MAC does not verify.',
      A,
      core((value) => ({ ...value, context: {} })),
    ),
  ];
}

function withSegment(header: string, length: number): string {
  const bytes = Buffer.from(header, 'base64url');
  bytes.writeUInt32BE(length, 2);
  return bytes.toString('base64url');
}

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

function tables(): BundleFault[] {
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
      I,
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

export function bundleFaults(): BundleFault[] {
  return [...storage(), ...documents(), ...tables()];
}
