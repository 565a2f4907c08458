import { createHash } from 'node:crypto';
import type { Json } from '../../src/format/canonical-json.js';
import { authenticateEnvelope, encodeEnvelope } from '../../src/format/envelope.js';
import { encodeCopy } from '../../src/format/envelope-copy.js';
import { type Forged, forge, type Parts } from '../../test/support/forge.js';
import { kekOf, wrapWith } from '../../test/support/wrap.js';
import { differences } from './pieces.js';
import type { PositiveVector } from './types.js';

/** Bytes that follow from a label. */
export function derived(label: string, length: number): Uint8Array {
  return createHash('shake256', { outputLength: length }).update(`weightseal vectors v1: ${label}`).digest();
}

export interface Plan {
  readonly name: string;
  readonly comment: string;
  readonly size: number;
  readonly segmentLength: number;
  readonly context?: Record<string, string>;
  readonly recipients?: readonly string[];
  readonly metadata?: Record<string, Json>;
  readonly area?: number;
  readonly generation?: number;
  /** The plan from whose name keys, nonces and plaintext are derived, instead of from this one's. */
  readonly as?: string;
  /** What happened to the copies of the envelope after sealing. */
  readonly copies?: Exclude<keyof typeof COPIES, 'sound'>;
  /** An empty last segment, which a writer does not make and a reader accepts (§9.5). */
  readonly emptyLast?: true;
}

const PLANS: readonly Plan[] = [
  { name: 'empty', comment: 'No plaintext: one empty segment.', size: 0, segmentLength: 64 },
  { name: 'one-byte', comment: 'One byte.', size: 1, segmentLength: 64 },
  { name: 'full-segment', comment: 'The one segment is full.', size: 32, segmentLength: 64 },
  { name: 'five-segments', comment: 'Four full segments and a shorter one.', size: 150, segmentLength: 64 },
  { name: 'aligned', comment: 'Four full segments and nothing else.', size: 128, segmentLength: 64 },
  {
    name: 'empty-last-segment',
    comment: 'Two full segments and an empty last one, as FLOE allows.',
    size: 64,
    segmentLength: 64,
    emptyLast: true,
  },
  { name: 'segment-4096', comment: 'Segments of 4096 bytes.', size: 5000, segmentLength: 4096 },
  { name: 'odd-segment-length', comment: 'Segments of 101 bytes.', size: 500, segmentLength: 101 },
  {
    name: 'full-metadata',
    comment: 'Every member of the metadata, a context, and a name beyond ASCII.',
    size: 100,
    segmentLength: 64,
    context: { model: 'llama-für-alle', version: '3.1 \u{1F999}', 'a"b\\c': 'quote" and \\' },
    metadata: { created: '2026-01-02T03:04:05.000Z', name: 'モデル.safetensors', size: 100 },
  },
  {
    name: 'no-metadata',
    comment: 'A metadata object without members, as a stream may have it.',
    size: 40,
    segmentLength: 64,
    metadata: {},
  },
  {
    name: 'three-recipients',
    comment: 'Three slots; the one in the middle is of a provider that nobody knows.',
    size: 70,
    segmentLength: 64,
    recipients: ['vector:one', 'elsewhere:two', 'vector:three'],
  },
  { name: 'generation-7', comment: 'After six rewraps.', size: 33, segmentLength: 64, generation: 7 },
  { name: 'area-16384', comment: 'The default area.', size: 33, segmentLength: 64, area: 16_384 },
  { name: 'area-largest', comment: 'The largest area.', size: 33, segmentLength: 64, area: 1_048_576 },
  {
    name: 'area-laid-out-anew',
    comment:
      'The envelope and the payload of five-segments, which somebody without a key laid out with another area (§3.3).',
    as: 'five-segments',
    size: 150,
    segmentLength: 64,
    area: 8192,
  },
  {
    name: 'generation-highest',
    comment: 'Generation 2^53 − 1: it opens, and a rewrap of it is refused (§13.1).',
    size: 33,
    segmentLength: 64,
    generation: Number.MAX_SAFE_INTEGER,
  },
  {
    name: 'created-in-a-leap-year',
    comment: 'A 29 February, and a time without a fraction.',
    size: 33,
    segmentLength: 64,
    metadata: { created: '2028-02-29T23:59:59Z' },
  },
  {
    name: 'created-to-the-nanosecond',
    comment: 'As many digits of a second as there may be.',
    size: 33,
    segmentLength: 64,
    metadata: { created: '0000-01-01T00:00:00.000000001Z' },
  },
  {
    name: 'metadata-depth',
    comment:
      'A member that no reader knows; its innermost array, which is empty, stands inside 6 others (§1.4).',
    size: 33,
    segmentLength: 64,
    metadata: { z: [[[[[[]]]]]] },
  },
  {
    name: 'provider-scheme',
    comment: "A slot of a provider with everything that a scheme's name may have (§6.1).",
    size: 33,
    segmentLength: 64,
    recipients: ['a1+b-c.d:e:f', 'vector:one'],
  },
  {
    name: 'copy-a-damaged',
    comment: 'A bit of copy A; copy B is used.',
    size: 33,
    segmentLength: 64,
    copies: 'A damaged',
  },
  {
    name: 'copy-b-damaged',
    comment: "Copy B's zeros are not all zero; copy A is used.",
    size: 33,
    segmentLength: 64,
    copies: 'B damaged',
  },
  {
    name: 'copy-b-newer',
    comment: 'A rewrap was cut off after its first write: copy B has one slot more, and the next generation.',
    size: 33,
    segmentLength: 64,
    recipients: ['vector:one'],
    copies: 'B newer',
  },
];

type Copies = (file: Uint8Array, parts: Parts, forged: Forged) => void;

const COPIES = {
  sound: () => {},
  'A damaged': (file) => {
    file[4096 + 60]! ^= 1;
  },
  'B damaged': (file, { area }) => {
    file[4096 + 2 * area - 1] = 1;
  },
  'B newer': (file, { area, dataKey, generation }, { core, slots, metadata }) => {
    const next = { generation: generation + 1, core, slots: [...slots, ...slots], metadata };
    const document = encodeEnvelope(authenticateEnvelope(dataKey, next));
    file.set(encodeCopy({ generation: next.generation, document }, area), 4096 + area);
  },
} satisfies Record<string, Copies>;

export interface Made {
  readonly plan: Plan;
  readonly parts: Parts;
  readonly forged: Forged;
}

export function make(plan: Plan): Made {
  const { size, segmentLength, context = {}, recipients = ['vector:one'], copies = 'sound' } = plan;
  const name = plan.as ?? plan.name;
  const dataKey = derived(`${name} data key`, 32);
  const plaintext = derived(`${name} plaintext`, size);
  const digest = `sha256:${createHash('sha256').update(plaintext).digest('hex')}`;
  const perSegment = segmentLength - 32;
  const parts: Parts = {
    dataKey,
    id: derived(`${name} id`, 16),
    context,
    recipients: recipients.map((keyUri) => ({
      provider: keyUri.split(':')[0]!,
      keyUri,
      keyVersion: '1',
      algorithm: 'AES-256-GCM',
      ciphertext: wrapWith(kekOf(keyUri), dataKey, context, derived(`${name} ${keyUri} nonce`, 12)),
    })),
    plaintext,
    segmentLength,
    area: plan.area ?? 4096,
    generation: plan.generation ?? 1,
    iv: derived(`${name} iv`, 32),
    nonce: (of) => derived(`${name} nonce ${of}`, 12),
    metadata: plan.metadata ?? { digest, size },
    ...(plan.emptyLast && {
      segments: [
        ...Array.from({ length: size / perSegment }, (_, i) =>
          plaintext.subarray(i * perSegment, (i + 1) * perSegment),
        ),
        new Uint8Array(),
      ],
    }),
  };
  const forged = forge(parts);
  COPIES[copies](forged.bytes, parts, forged);
  return { plan, parts, forged };
}

export const POSITIVE: readonly Made[] = PLANS.map(make);

export function positiveVector({ plan, parts, forged }: Made): PositiveVector {
  return {
    name: plan.name,
    comment: plan.comment,
    dataKey: Buffer.from(parts.dataKey).toString('hex'),
    context: parts.context,
    keyUris: (plan.copies === 'B newer' ? [...parts.recipients, ...parts.recipients] : parts.recipients).map(
      ({ keyUri }) => keyUri,
    ),
    generation: plan.copies === 'B newer' ? parts.generation + 1 : parts.generation,
    copiesEqual: plan.copies === undefined,
    metadata: parts.metadata as Record<string, Json>,
    segmentLength: parts.segmentLength,
    segments: forged.segments.length,
    plaintext: Buffer.from(parts.plaintext).toString('hex'),
    size: forged.bytes.length,
    sha256: createHash('sha256').update(forged.bytes).digest('hex'),
    pieces: differences(new Uint8Array(), forged.bytes),
  };
}
