import { createHash } from 'node:crypto';
import { utf8 } from '../../src/format/bytes.js';
import {
  type BundleParts,
  type ForgedBundle,
  type ForgedMember,
  forgeBundle,
} from '../../test/support/forge-bundle.js';
import { derived } from './positive.js';

// Bundles that every reader must open: FORMAT.md §17 to §25.

export interface BundleVector {
  readonly name: string;
  readonly comment: string;
  readonly dataKey: string;
  readonly context: Readonly<Record<string, string>>;
  readonly keyUris: readonly string[];
  readonly generation: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the table: kind and path of each, and for files executable and plaintext, for links target. */
  readonly members: readonly Readonly<Record<string, string | boolean>>[];
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 over each file's name, a zero byte, its length in 8 bytes and its bytes, in the order of the names. */
  readonly sha256: string;
}

export interface BundlePlan extends Omit<BundleParts, 'random' | 'recipients'> {
  readonly name: string;
  readonly comment: string;
  readonly recipients?: readonly string[];
  readonly as?: string;
}

const text = (value: string): Uint8Array => utf8(value);
const bytes = (name: string, length: number): Uint8Array => derived(`bundle plaintext ${name}`, length);

export const MODEL: readonly ForgedMember[] = [
  { kind: 'sealed', path: 'adapter', plaintext: bytes('adapter', 40) },
  { kind: 'public', path: 'config.json', plaintext: text('{"layers":2}') },
  { kind: 'directory', path: 'empty' },
  { kind: 'sealed', path: 'nothing', plaintext: text('') },
  { kind: 'directory', path: 'onnx' },
  { kind: 'link', path: 'onnx/config.json', target: 'config.json' },
  { kind: 'sealed', path: 'onnx/model.onnx', plaintext: bytes('model.onnx', 150), executable: true },
  { kind: 'sealed', path: 'weights', plaintext: bytes('weights', 64), segmentLength: 96 },
];

const PLANS: readonly BundlePlan[] = [
  { name: 'no-members', comment: 'A table without lines: one empty segment.', members: [] },
  {
    name: 'one-file',
    comment: 'One sealed file, and a context.',
    context: { model: 'tiny', version: '1' },
    members: [{ kind: 'sealed', path: 'model.safetensors', plaintext: bytes('one', 100) }],
  },
  {
    name: 'model',
    comment:
      'Sealed and public files, an empty one, directories, a link, an executable, payloads of two segment lengths; two recipients.',
    context: { model: 'tiny' },
    recipients: ['vector:one', 'vector:two'],
    metadata: { created: '2026-11-27T12:00:00Z', name: 'tiny' },
    members: MODEL,
  },
  {
    name: 'hidden-names',
    comment:
      'Payloads under names that say nothing; one of them twice in the table of another bundle is the same payload.',
    members: [
      { kind: 'sealed', path: 'adapter', plaintext: bytes('adapter', 40), file: '0f.sealed' },
      { kind: 'directory', path: 'deep' },
      { kind: 'sealed', path: 'deep/adapter.sealed', plaintext: bytes('deep', 33), file: '0e.sealed' },
    ],
  },
  {
    name: 'names',
    comment:
      'Names beyond ASCII, in the order of their bytes (which is not that of UTF-16), a quote, a colon, a blank; a name of 255 bytes.',
    members: [
      { kind: 'public', path: 'a "b": c', plaintext: text('1') },
      { kind: 'sealed', path: 'n'.repeat(255), plaintext: text('2'), file: 'n.sealed' },
      { kind: 'public', path: 'é', plaintext: text('3') },
      { kind: 'public', path: '\uffee', plaintext: text('4') },
      { kind: 'public', path: '\u{1f999}', plaintext: text('5') },
    ],
  },
  {
    name: 'table-of-one-segment-exactly',
    comment: 'The table fills its one segment.',
    members: [{ kind: 'directory', path: 'd' }],
    tableSegmentLength: 32 + '{"kind":"directory","path":"d"}\n'.length,
  },
  {
    name: 'rewrapped',
    comment: 'Generation 7.',
    generation: 7,
    members: [{ kind: 'sealed', path: 'a', plaintext: text('a') }],
  },
  {
    name: 'link-to-directory',
    comment: 'A link to a directory that has no link in it.',
    members: [
      { kind: 'link', path: 'latest', target: 'v2' },
      { kind: 'directory', path: 'v2' },
      { kind: 'public', path: 'v2/model', plaintext: text('x') },
    ],
  },
];

export function forgePlan(plan: BundlePlan): ForgedBundle {
  const { name, comment, recipients = ['vector:one'], as = name, ...parts } = plan;
  void comment;
  return forgeBundle({
    ...parts,
    recipients,
    random: (label, length) => derived(`bundle ${as}: ${label}`, length),
  });
}

export const BUNDLES: ReadonlyMap<string, { readonly plan: BundlePlan; readonly made: ForgedBundle }> =
  new Map(PLANS.map((plan) => [plan.name, { plan, made: forgePlan(plan) }]));

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

export function filesInHex({ files }: Pick<ForgedBundle, 'files'>): Record<string, string> {
  return Object.fromEntries([...files].map(([name, content]) => [name, hex(content)]));
}

function digestOf({ files }: ForgedBundle): string {
  const hash = createHash('sha256');
  for (const [name, content] of [...files].toSorted(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(content.length));
    hash.update(name).update('\0').update(length).update(content);
  }
  return hash.digest('hex');
}

export function bundleVectors(): BundleVector[] {
  return [...BUNDLES.values()].map(({ plan, made }) => ({
    name: plan.name,
    comment: plan.comment,
    dataKey: hex(made.dataKey),
    context: plan.context ?? {},
    keyUris: plan.recipients ?? ['vector:one'],
    generation: plan.generation ?? 1,
    metadata: (plan.metadata ?? {}) as Record<string, string>,
    members: plan.members.map(({ kind, path, executable = false, plaintext, target }) => {
      if (kind === 'directory') return { kind, path };
      return kind === 'link'
        ? { kind, path, target: target! }
        : { kind, path, executable, plaintext: hex(plaintext!) };
    }),
    files: filesInHex(made),
    sha256: digestOf(made),
  }));
}
