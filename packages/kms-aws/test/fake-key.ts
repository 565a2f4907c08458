import { createCipheriv, createDecipheriv, type KeyObject, randomBytes, randomUUID } from 'node:crypto';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

export type FakeState =
  | 'Enabled'
  | 'Disabled'
  | 'PendingDeletion'
  | 'PendingImport'
  | 'Unavailable'
  | 'Updating';

export interface FakeMaterial {
  readonly id: string;
  readonly secret: Buffer;
  readonly rotated: { readonly at: number; readonly type: 'AUTOMATIC' | 'ON_DEMAND' } | undefined;
}

interface FakeKeyOptions {
  readonly id?: string;
  readonly region?: string;
  readonly multiRegion?: boolean;
  readonly origin?: string;
  readonly keySpec?: string;
  readonly keyUsage?: string;
  /** A replica's: the materials of its primary. */
  readonly materials?: FakeMaterial[];
  /** Of an asymmetric key. */
  readonly pair?: FakePair;
}

export interface FakePair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const MAGIC = Buffer.from('FAKE');
const ID_BYTES = 40;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = MAGIC.length + ID_BYTES + 1;

/** A symmetric key as AWS KMS has them: every ciphertext names its key and material, and all of them is authenticated. */
export class FakeKey {
  readonly id: string;
  readonly region: string;
  readonly arn: string;
  readonly multiRegion: boolean;
  readonly origin: string;
  readonly keySpec: string;
  readonly keyUsage: string;
  readonly materials: FakeMaterial[];
  readonly pair: FakePair | undefined;
  state: FakeState = 'Enabled';
  rotationDays: number | undefined;
  /** Material that a rotation makes, until it has become the current one. */
  pending: FakeMaterial | undefined;

  constructor(options: FakeKeyOptions = {}) {
    const { region = REGION, multiRegion = false, origin = 'AWS_KMS' } = options;
    this.id = options.id ?? (multiRegion ? `mrk-${randomBytes(16).toString('hex')}` : randomUUID());
    this.region = region;
    this.arn = `arn:aws:kms:${region}:${ACCOUNT}:key/${this.id}`;
    this.multiRegion = multiRegion;
    this.origin = origin;
    this.keySpec = options.keySpec ?? 'SYMMETRIC_DEFAULT';
    this.keyUsage = options.keyUsage ?? 'ENCRYPT_DECRYPT';
    this.pair = options.pair;
    this.materials = options.materials ?? [newMaterial(undefined)];
  }

  get current(): FakeMaterial {
    return this.materials.at(-1)!;
  }

  beginRotation(): void {
    this.pending = newMaterial('ON_DEMAND');
  }

  finishRotation(): void {
    if (this.pending) this.materials.push(this.pending);
    this.pending = undefined;
  }

  encrypt(plaintext: Uint8Array, context: Readonly<Record<string, string>>): Buffer {
    const head = Buffer.alloc(HEAD_BYTES);
    MAGIC.copy(head);
    head.write(this.id, MAGIC.length, 'latin1');
    head[HEAD_BYTES - 1] = this.materials.length - 1;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.current.secret, nonce).setAAD(bound(head, context));
    return Buffer.concat([head, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined when the ciphertext or the context is not the one it was. */
  decrypt(
    blob: Buffer,
    context: Readonly<Record<string, string>>,
  ): { plaintext: Buffer; material: FakeMaterial } | undefined {
    const head = blob.subarray(0, HEAD_BYTES);
    const material = this.materials[head[HEAD_BYTES - 1]!];
    if (material === undefined || blob.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = blob.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', material.secret, nonce).setAAD(bound(head, context));
    decipher.setAuthTag(blob.subarray(-TAG_BYTES));
    try {
      const sealed = blob.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES);
      return { plaintext: Buffer.concat([decipher.update(sealed), decipher.final()]), material };
    } catch {
      return undefined;
    }
  }
}

/** The id of the key that made a ciphertext; undefined when it is none. */
export function keyIdOf(blob: Buffer): string | undefined {
  if (blob.length < HEAD_BYTES || !blob.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  return blob.toString('latin1', MAGIC.length, MAGIC.length + ID_BYTES).replace(/\0+$/, '');
}

function newMaterial(type: 'AUTOMATIC' | 'ON_DEMAND' | undefined): FakeMaterial {
  const rotated = type === undefined ? undefined : { at: Math.floor(Date.now() / 1000), type };
  return { id: randomBytes(32).toString('hex'), secret: randomBytes(32), rotated };
}

function bound(head: Buffer, context: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([head, Buffer.from(JSON.stringify(pairs))]);
}
