import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  randomBytes,
} from 'node:crypto';
import { FakeError } from './fake-error.js';

export type State = 'PENDING_GENERATION' | 'ENABLED' | 'DISABLED' | 'DESTROY_SCHEDULED' | 'DESTROYED';
export type Protection = 'SOFTWARE' | 'HSM';

export interface FakeVersion {
  readonly name: string;
  readonly secret: Buffer;
  readonly created: number;
  state: State;
}

/** One for all keys that sign: to make one takes long. */
let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;
/** What stands before a digest of SHA-256: RFC 8017 §9.2, note 1. */
const SHA_256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** The ciphertext's first bytes name the key and the version, as those of Cloud KMS do. */
const HEAD_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A CryptoKey whose versions are real AES-256-GCM keys. */
export class FakeKey {
  readonly name: string;
  readonly purpose: 'ENCRYPT_DECRYPT' | 'ASYMMETRIC_SIGN';
  readonly protection: Protection;
  /** Whether Cloud KMS makes versions by itself: not of imported and external keys. */
  importOnly = false;
  /** Of a key that signs. */
  algorithm = 'RSA_SIGN_PKCS1_2048_SHA256';
  primary: FakeVersion | undefined;
  rotationSeconds: number | undefined;
  nextRotation: number | undefined;
  /** The head of its ciphertexts: random, and the same for all versions but for the last four bytes. */
  readonly #head = randomBytes(HEAD_BYTES - 4);
  readonly versions: FakeVersion[] = [];

  constructor(name: string, purpose: FakeKey['purpose'], protection: Protection) {
    this.name = name;
    this.purpose = purpose;
    this.protection = protection;
    const first = this.addVersion('ENABLED');
    if (purpose === 'ENCRYPT_DECRYPT') this.primary = first;
  }

  addVersion(state: State): FakeVersion {
    const name = `${this.name}/cryptoKeyVersions/${this.versions.length + 1}`;
    const created = Math.floor(Date.now() / 1000);
    const version: FakeVersion = { name, secret: randomBytes(32), created, state };
    this.versions.push(version);
    return version;
  }

  version(name: string): FakeVersion {
    const found = this.versions.find((one) => one.name === name);
    if (!found) throw new FakeError('NOT_FOUND', `CryptoKeyVersion ${name} not found.`);
    return found;
  }

  /** @throws FAILED_PRECONDITION in the words of Cloud KMS */
  static usable(version: FakeVersion): FakeVersion {
    if (version.state === 'ENABLED') return version;
    throw new FakeError(
      'FAILED_PRECONDITION',
      `${version.name} is not enabled, current state is: ${version.state}.`,
    );
  }

  get publicPem(): string {
    pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
    return String(pair.publicKey.export({ format: 'pem', type: 'spki' }));
  }

  /** RSASSA-PKCS1-v1_5 of a digest: the one signature that Node makes of what is hashed already. */
  sign(digest: Uint8Array): Buffer {
    pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = { key: pair.privateKey, padding: constants.RSA_PKCS1_PADDING };
    return privateEncrypt(key, Buffer.concat([SHA_256, digest]));
  }

  encrypt(version: FakeVersion, plaintext: Uint8Array, aad: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const head = Buffer.concat([this.#head, u32(this.versions.indexOf(version))]);
    const cipher = createCipheriv('aes-256-gcm', version.secret, nonce).setAAD(Buffer.concat([head, aad]));
    return Buffer.concat([head, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  decrypt(ciphertext: Uint8Array, aad: Uint8Array): { version: FakeVersion; plaintext: Buffer } {
    const bytes = Buffer.from(ciphertext);
    const head = bytes.subarray(0, HEAD_BYTES);
    const version = head.subarray(0, -4).equals(this.#head)
      ? this.versions[head.readUInt32BE(HEAD_BYTES - 4)]
      : undefined;
    if (!version) {
      throw new FakeError(
        'INVALID_ARGUMENT',
        "Decryption failed: verify that 'name' refers to the correct CryptoKey.",
      );
    }
    FakeKey.usable(version);
    const nonce = bytes.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
    const sealed = bytes.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES);
    try {
      const decipher = createDecipheriv('aes-256-gcm', version.secret, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.concat([head, aad])).setAuthTag(bytes.subarray(-TAG_BYTES));
      return { version, plaintext: Buffer.concat([decipher.update(sealed), decipher.final()]) };
    } catch {
      throw new FakeError('INVALID_ARGUMENT', 'Decryption failed: the ciphertext is invalid.');
    }
  }
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}
