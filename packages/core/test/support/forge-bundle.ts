import { createHash } from 'node:crypto';
import { concat, lengthPrefixed, toBase64url, utf8 } from '../../src/format/bytes.js';
import { canonicalJson, type Json } from '../../src/format/canonical-json.js';
import type { Context } from '../../src/format/context.js';
import { makeCore } from '../../src/format/core-document.js';
import { authenticateEnvelope, encodeEnvelope } from '../../src/format/envelope.js';
import { startEncryption } from '../../src/format/floe.js';
import { label, tableKey } from '../../src/format/kdf.js';
import { encryptSegment } from '../../src/format/segment.js';
import { OVERHEAD } from '../../src/format/sizes.js';
import { makeSlot } from '../../src/format/slot.js';
import { divide, forgeMetadata } from './forge.js';
import { kekOf, wrapWith } from './wrap.js';

// Builds bundles out of the pure functions of the format, with everything that is random given: for vectors, and for bundles that the library itself would never write.

export type Random = (label: string, length: number) => Uint8Array;

export interface ForgedMember {
  readonly kind: 'sealed' | 'public' | 'directory' | 'link';
  readonly path: string;
  readonly plaintext?: Uint8Array;
  readonly executable?: boolean;
  readonly file?: string;
  readonly target?: string;
  readonly segmentLength?: number;
  /** The label of what is random about its payload, instead of its path. */
  readonly as?: string;
}

export interface BundleParts {
  readonly random: Random;
  readonly context?: Context;
  readonly recipients: readonly string[];
  readonly generation?: number;
  readonly metadata?: { readonly [name: string]: Json };
  readonly members: readonly ForgedMember[];
  readonly tableSegmentLength?: number;
  /** Changes the text of the table before it is sealed. */
  readonly table?: (text: Buffer) => Uint8Array;
  /** Changes what the envelope says of the table before it is authenticated. */
  readonly reference?: (table: { size: number; header: Uint8Array; digest: Uint8Array }) => typeof table;
  /** Changes the sealed table before its digest is taken. */
  readonly sealedTable?: (sealed: Uint8Array) => Uint8Array;
}

export interface ForgedBundle {
  readonly dataKey: Uint8Array;
  /** By name, the bytes of every file of the bundle. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** FLOE of it all, header first. */
function floe(
  key: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  segmentLength: number,
  random: (part: string, length: number) => Uint8Array,
): { header: Uint8Array; bytes: Uint8Array } {
  const { header, message } = startEncryption(key, aad, segmentLength, random('iv', 32));
  const plain = divide(plaintext, segmentLength - OVERHEAD);
  const segments = plain.map((piece, at) =>
    concat(
      ...encryptSegment(
        new Uint8Array(message.segmentKey(at)),
        at,
        at === plain.length - 1,
        random(`nonce ${at}`, 12),
        piece,
      ),
    ),
  );
  return { header, bytes: concat(header, ...segments) };
}

/** FORMAT.md §20.2, of whatever the member says. */
export function forgeMember(
  member: ForgedMember,
  random: Random,
): { line: { readonly [name: string]: Json }; file?: readonly [string, Uint8Array] } {
  const { kind, path, plaintext = new Uint8Array(), executable, target, as = path } = member;
  if (kind === 'directory') return { line: { kind, path } };
  if (kind === 'link') return { line: { kind, path, target: target! } };
  const digest = toBase64url(sha256(plaintext));
  const base = { digest, ...(executable && { executable: 1 }), kind, path, size: plaintext.length };
  if (kind === 'public') return { line: base, file: [path, plaintext] };
  const [key, id] = [random(`key ${as}`, 32), random(`id ${as}`, 16)];
  const file = member.file ?? `${path}.sealed`;
  const aad = concat(label('member'), id);
  const { header, bytes } = floe(key, aad, plaintext, member.segmentLength ?? 64, (part, length) =>
    random(`${part} of ${as}`, length),
  );
  return {
    line: {
      ...base,
      file,
      header: toBase64url(header),
      id: toBase64url(id),
      key: toBase64url(key),
      sealedDigest: toBase64url(sha256(bytes)),
    },
    file: [file, bytes],
  };
}

export function forgeBundle(parts: BundleParts): ForgedBundle {
  const { random, context = {}, generation = 1 } = parts;
  const [dataKey, id] = [random('data key', 32), random('id', 16)];
  const core = makeCore(id, context, 'bundle');
  const made = parts.members.map((member) => forgeMember(member, random));
  const text = Buffer.concat(made.flatMap(({ line }) => [canonicalJson(line), utf8('\n')]));
  const { header, bytes } = floe(
    tableKey(dataKey, id),
    concat(label('table'), lengthPrefixed(core.bytes)),
    parts.table?.(text) ?? text,
    parts.tableSegmentLength ?? 256,
    (part, length) => random(`table ${part}`, length),
  );
  const sealed = parts.sealedTable?.(bytes) ?? bytes;
  const reference = { size: sealed.length, header, digest: sha256(sealed) };
  const slots = parts.recipients.map((uri) =>
    makeSlot(uri.split(':')[0]!, {
      keyUri: uri,
      keyVersion: '1',
      algorithm: 'AES-256-GCM',
      ciphertext: wrapWith(kekOf(uri), dataKey, context, random(`wrap ${uri}`, 12)),
    }),
  );
  const metadata = forgeMetadata(dataKey, core, canonicalJson(parts.metadata ?? {}), random('metadata', 12));
  const table = parts.reference?.(reference) ?? reference;
  const envelope = authenticateEnvelope(dataKey, { generation, core, slots, metadata, table });
  const files = new Map([['weightseal.json', encodeEnvelope(envelope)]]);
  files.set('weightseal.table', Uint8Array.from(sealed));
  for (const { file } of made) if (file && !files.has(file[0])) files.set(file[0], Uint8Array.from(file[1]));
  return { dataKey, files };
}
