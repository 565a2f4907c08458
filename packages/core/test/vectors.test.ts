import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { concat, view } from '../src/format/bytes.js';
import { FloeMessage, startDecryption, startEncryption } from '../src/format/floe.js';
import { kdf } from '../src/format/kdf.js';
import { decryptSegment, encryptSegment } from '../src/format/segment.js';
import { FLOE_HEADER, MIN_SEGMENT, segmentsOfBody } from '../src/format/sizes.js';

// Known answers that others published. They are not part of this repository: WEIGHTSEAL_VECTORS names the directory, with
// floe/ (pairs NAME_ct.txt and NAME_pt.txt) and wycheproof/ in it.
const root = process.env['WEIGHTSEAL_VECTORS'];
const ran = { floe: 0, gcm: 0, hkdf: 0, notApplicable: 0 };

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.trim(), 'hex'));

function filesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

function readGroups<T>(file: string): T[] {
  const path = join(root!, 'wycheproof', file);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { testGroups: T[] }).testGroups : [];
}

const title = 'known answers of others, skipped unless WEIGHTSEAL_VECTORS names a directory of them';

describe.skipIf(root === undefined)(title, () => {
  afterAll(() => {
    const { floe, gcm, hkdf, notApplicable } = ran;
    const total = floe + gcm + hkdf;
    console.log(
      `vectors: ${total} cases ran (floe ${floe}, aes-gcm ${gcm}, hkdf ${hkdf}); ${notApplicable} not applicable`,
    );
  });

  describe('FLOE', () => {
    const directory = join(root ?? '', 'floe');
    const names = filesIn(directory)
      .filter((file) => file.endsWith('_ct.txt'))
      .map((file) => file.slice(0, -'_ct.txt'.length));

    for (const name of names) {
      it(`${name}: opens to the published plaintext, and seals to the published ciphertext`, () => {
        const ciphertext = hex(readFileSync(join(directory, `${name}_ct.txt`), 'latin1'));
        const plaintext = hex(readFileSync(join(directory, `${name}_pt.txt`), 'latin1'));
        checkFloe(ciphertext, plaintext, name.includes('rotation') ? 2 : undefined);
        ran.floe++;
      });
    }
  });

  it('AES-256-GCM of Wycheproof', () => {
    for (const group of readGroups<GcmGroup>('aes_gcm_test.json')) {
      const ours = group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128;
      for (const test of group.tests) {
        if (ours) checkGcm(test);
        ran[ours ? 'gcm' : 'notApplicable']++;
      }
    }
  });

  it('HKDF-Expand of one block with SHA-384 of Wycheproof', () => {
    for (const group of readGroups<HkdfGroup>('hkdf_sha384_test.json')) {
      for (const test of group.tests) {
        const ours = test.size <= 48 && test.result === 'valid';
        if (ours) checkHkdf(test);
        ran[ours ? 'hkdf' : 'notApplicable']++;
      }
    }
  });

  it('some of each kind ran', () => {
    expect(ran.floe).toBeGreaterThan(0);
    expect(ran.gcm).toBeGreaterThan(0);
    expect(ran.hkdf).toBeGreaterThan(0);
  });
});

/** Decrypts with the functions of the format, and encrypts again with the IV and the nonces of the ciphertext. */
function checkFloe(ciphertext: Uint8Array, plaintext: Uint8Array, rotationBits: number | undefined): void {
  const key = new Uint8Array(32);
  const aad = Buffer.from('This is AAD');
  const header = ciphertext.subarray(0, FLOE_HEADER);
  const body = ciphertext.subarray(FLOE_HEADER);
  const segmentLength = view(header).getUint32(2);
  const iv = header.slice(10, 42);
  expect(Buffer.compare(startEncryption(key, aad, segmentLength, iv).header, header)).toBe(0);
  const message =
    segmentLength < MIN_SEGMENT
      ? // Shorter than any that a sealed file may have, so startDecryption refuses it. The header is compared above.
        new FloeMessage(key, header.slice(0, 42), aad, rotationBits ?? 20)
      : startDecryption(key, aad, header, rotationBits);
  const segments = segmentsOfBody(body.length, segmentLength);
  const opened: Uint8Array[] = [];
  const resealed: Uint8Array[] = [header];
  for (let position = 0; position < segments.count; position++) {
    const at = position * segmentLength;
    const final = position === segments.count - 1;
    const segment = body.subarray(at, final ? body.length : at + segmentLength);
    const segmentKey = new Uint8Array(message.segmentKey(position));
    const piece = decryptSegment(segmentKey, position, final, segment);
    expect(piece, `segment ${position}`).toBeDefined();
    opened.push(piece!);
    resealed.push(...encryptSegment(segmentKey, position, final, segment.slice(4, 16), piece!));
  }
  expect(Buffer.compare(concat(...opened), plaintext)).toBe(0);
  expect(Buffer.compare(concat(...resealed), ciphertext)).toBe(0);
}

interface GcmCase {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: string;
}

interface GcmGroup {
  readonly keySize: number;
  readonly ivSize: number;
  readonly tagSize: number;
  readonly tests: readonly GcmCase[];
}

/** AES-GCM called as segment.ts and metadata.ts call it; their associated data cannot be chosen. */
function checkGcm(test: GcmCase): void {
  const [key, iv, aad, ct, tag] = [test.key, test.iv, test.aad, test.ct, test.tag].map(hex);
  const decipher = createDecipheriv('aes-256-gcm', key!, iv!, { authTagLength: 16 });
  decipher.setAAD(aad!).setAuthTag(tag!);
  const open = () => Buffer.concat([decipher.update(ct!), decipher.final()]).toString('hex');
  if (test.result !== 'valid') {
    expect(open, `case ${test.tcId}`).toThrow();
    return;
  }
  expect(open(), `case ${test.tcId}`).toBe(test.msg);
  const cipher = createCipheriv('aes-256-gcm', key!, iv!).setAAD(aad!);
  const sealed = Buffer.concat([cipher.update(hex(test.msg)), cipher.final(), cipher.getAuthTag()]);
  expect(sealed.toString('hex'), `case ${test.tcId}`).toBe(test.ct + test.tag);
}

interface HkdfGroup {
  readonly tests: readonly {
    readonly tcId: number;
    readonly ikm: string;
    readonly salt: string;
    readonly info: string;
    readonly size: number;
    readonly okm: string;
    readonly result: string;
  }[];
}

/** kdf() is the expand step; the extract step is done here. */
function checkHkdf(test: HkdfGroup['tests'][number]): void {
  const pseudorandom = createHmac('sha384', hex(test.salt)).update(hex(test.ikm)).digest();
  const out = kdf(pseudorandom, hex(test.info), test.size);
  expect(Buffer.from(out).toString('hex'), `case ${test.tcId}`).toBe(test.okm);
}
