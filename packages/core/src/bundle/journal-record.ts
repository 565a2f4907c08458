import { createCipheriv, createDecipheriv } from '../common/crypto.js';
import { publicRandom } from '../common/public-random.js';
import type { Identity } from '../engine/files-task.js';
import { concat, lengthPrefixed, u64, view } from '../format/bytes.js';
import { kdf, label } from '../format/kdf.js';
import { type MemberRecord, recordAt, recordMemory } from '../format/records.js';
import type { Entry } from './entry.js';
import { MOST_FILES } from './jobs.js';
import { encodeLine, LINE_FEED, MAX_LINE, parseLine } from './line.js';

// What a seal remembers of a file that is done, encrypted: docs/decisions/0008-bundles-are-directories.md. The journal is no part of the format, and only the version that wrote it
// reads it.
const NONCE = 12;
const TAG = 16;
const IDENTITY = 32;
/** The most bytes of a record. */
export const MAX_RECORD: number = NONCE + MOST_FILES * (IDENTITY + MAX_LINE) + TAG;

/** Of a reseal: what its files were, the old bundle says, whose journal it is. */
export const NO_IDENTITY: Identity = { dev: 0n, ino: 0n, size: 0n, mtimeNs: 0n };

/** A file that has been sealed, and what it was. */
export interface Done {
  readonly entry: Entry;
  readonly identity: Identity;
  readonly record: MemberRecord;
}

export function journalKey(dataKey: Uint8Array, id: Uint8Array, source: Uint8Array): Uint8Array {
  return kdf(dataKey, concat(label('journal-key'), id, lengthPrefixed(source)), 32);
}

/** One record for all files that were done together, of one task: a cipher costs more than a line. */
export function sealRecord(key: Uint8Array, index: number, done: readonly Done[]): Uint8Array {
  const nonce = publicRandom(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad(index));
  const buffer = new Uint8Array(IDENTITY + MAX_LINE);
  const fields = view(buffer);
  const pieces: Uint8Array[] = [nonce];
  try {
    for (const { entry, identity, record } of done) {
      const { dev, ino, size, mtimeNs } = identity;
      for (const [at, value] of [dev, ino, size, mtimeNs].entries())
        fields.setBigUint64(at * 8, BigInt.asUintN(64, value));
      pieces.push(cipher.update(buffer.subarray(0, encodeLine(entry, record, buffer, IDENTITY))));
    }
    return concat(...pieces, cipher.final(), cipher.getAuthTag());
  } finally {
    buffer.fill(0);
  }
}

/** Undefined for what does not authenticate: where a kill tore it, the journal ends. */
export function openRecord(key: Uint8Array, index: number, sealed: Uint8Array): Done[] | undefined {
  if (sealed.length < NONCE + TAG) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(aad(index)).setAuthTag(sealed.subarray(-TAG));
  const plain = decipher.update(sealed.subarray(NONCE, -TAG));
  const done: Done[] = [];
  try {
    decipher.final();
    for (let from = 0; from < plain.length; ) {
      const end = plain.indexOf(LINE_FEED, from + IDENTITY);
      done.push(parseDone(plain.subarray(from, end)));
      from = end + 1;
    }
    return done;
  } catch {
    for (const { record } of done) record.key.fill(0);
    return undefined;
  } finally {
    plain.fill(0);
  }
}

function parseDone(bytes: Uint8Array): Done {
  const fields = view(bytes);
  const [dev, ino, size, mtimeNs] = [0, 8, 16, 24].map((at) => fields.getBigUint64(at));
  const record = recordAt(recordMemory(1), 0);
  const entry = parseLine(bytes.subarray(IDENTITY), record, 0);
  return { entry, record, identity: { dev: dev!, ino: ino!, size: size!, mtimeNs: mtimeNs! } };
}

function aad(index: number): Uint8Array {
  return concat(label('journal'), u64(index));
}
