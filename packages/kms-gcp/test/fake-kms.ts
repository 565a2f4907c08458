import { FakeError } from './fake-error.js';
import { FakeKey, type FakeVersion, type Protection } from './fake-key.js';

export type Fields = Readonly<Record<string, unknown>>;
export type Method =
  | 'Encrypt'
  | 'Decrypt'
  | 'GetPublicKey'
  | 'AsymmetricSign'
  | 'GetCryptoKey'
  | 'GetCryptoKeyVersion'
  | 'CreateCryptoKeyVersion'
  | 'UpdateCryptoKeyPrimaryVersion'
  | 'UpdateCryptoKey';

const PERMISSIONS: Readonly<Record<Method, string>> = {
  Encrypt: 'cloudkms.cryptoKeyVersions.useToEncrypt',
  Decrypt: 'cloudkms.cryptoKeyVersions.useToDecrypt',
  GetPublicKey: 'cloudkms.cryptoKeyVersions.viewPublicKey',
  AsymmetricSign: 'cloudkms.cryptoKeyVersions.useToSign',
  GetCryptoKey: 'cloudkms.cryptoKeys.get',
  GetCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.get',
  CreateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.create',
  UpdateCryptoKeyPrimaryVersion: 'cloudkms.cryptoKeys.update',
  UpdateCryptoKey: 'cloudkms.cryptoKeys.update',
};

const RING = 'projects/weightseal-test/locations/europe-west1/keyRings/models';
const KEY = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[\w-]{1,63}/;
const MAX_BYTES = 64 * 1024;
const MAX_HSM_BYTES = 8 * 1024;
const DAY = 86_400;

/**
 * Cloud KMS without a wire: keys, versions, states, permissions and quotas, and the codes that the service answers with.
 * Requests and answers are messages of google.cloud.kms.v1 with lowerCamelCase names, bytes as Buffers and int64 as
 * decimal strings; the two servers put them on the wire.
 */
export class FakeKms {
  readonly keys = new Map<string, FakeKey>();
  #made = 0;
  readonly calls: Method[] = [];
  /** `<permission> <key>` */
  readonly denied = new Set<string>();
  /** What every call is refused with. */
  failing: FakeError | undefined;
  /** How often a version of an HSM key is looked at before it is generated. */
  looksUntilGenerated = 1;
  /** Changes every answer on its way out. */
  tamper: (method: Method, answer: Fields, request?: Fields) => Fields = (_, answer) => answer;

  key(options: { purpose?: FakeKey['purpose']; protection?: Protection; project?: string } = {}): FakeKey {
    const { purpose = 'ENCRYPT_DECRYPT', protection = 'SOFTWARE', project = 'weightseal-test' } = options;
    const ring = RING.replace('weightseal-test', project);
    const key = new FakeKey(`${ring}/cryptoKeys/key-${++this.#made}`, purpose, protection);
    this.keys.set(key.name, key);
    return key;
  }

  get missing(): string {
    return `${RING}/cryptoKeys/missing`;
  }

  deny(key: FakeKey, ...methods: Method[]): void {
    for (const method of methods) this.denied.add(`${PERMISSIONS[method]} ${key.name}`);
  }

  answer(method: Method, request: Fields): Fields {
    this.calls.push(method);
    if (this.failing) throw this.failing;
    return this.tamper(method, this.#answer(method, request), request);
  }

  #answer(method: Method, request: Fields): Fields {
    switch (method) {
      case 'Encrypt':
        return this.#encrypt(request);
      case 'Decrypt':
        return this.#decrypt(request);
      case 'GetPublicKey':
        return this.#publicKey(request);
      case 'AsymmetricSign':
        return this.#sign(request);
      case 'GetCryptoKey':
        return describeKey(this.#find(method, request['name']));
      case 'GetCryptoKeyVersion':
        return this.#getVersion(request);
      case 'CreateCryptoKeyVersion':
        return this.#createVersion(request);
      case 'UpdateCryptoKeyPrimaryVersion':
        return this.#setPrimary(request);
      case 'UpdateCryptoKey':
        return this.#schedule(request);
    }
  }

  #find(method: Method, name: unknown): FakeKey {
    const [keyName] = KEY.exec(String(name)) ?? [];
    if (keyName === undefined)
      throw new FakeError('INVALID_ARGUMENT', `Invalid resource name: ${String(name)}.`);
    const key = this.keys.get(keyName);
    const permission = PERMISSIONS[method];
    if (this.denied.has(`${permission} ${keyName}`)) {
      const message = `Permission '${permission}' denied on resource '${keyName}' (or it may not exist).`;
      throw new FakeError('PERMISSION_DENIED', message, 'IAM_PERMISSION_DENIED');
    }
    if (!key) throw new FakeError('NOT_FOUND', `CryptoKey ${keyName} not found.`);
    return key;
  }

  #encrypt(request: Fields): Fields {
    const key = this.#find('Encrypt', request['name']);
    const plaintext = bytes(request, 'plaintext');
    const aad = bytes(request, 'additionalAuthenticatedData');
    if (key.purpose !== 'ENCRYPT_DECRYPT') {
      throw new FakeError(
        'INVALID_ARGUMENT',
        `${key.name} has purpose ${key.purpose}, which cannot Encrypt.`,
      );
    }
    checkSizes(key, plaintext, aad);
    const pinned = request['name'] !== key.name;
    const version = pinned ? key.version(String(request['name'])) : key.primary;
    if (!version) throw new FakeError('FAILED_PRECONDITION', `${key.name} does not have a primary version.`);
    FakeKey.usable(version);
    const verifiedPlaintextCrc32c = verified(request, 'plaintext', plaintext);
    const verifiedAdditionalAuthenticatedDataCrc32c = verified(request, 'additionalAuthenticatedData', aad);
    const ciphertext = key.encrypt(version, plaintext, aad);
    return {
      name: version.name,
      ciphertext,
      ciphertextCrc32c: checksum(ciphertext),
      verifiedPlaintextCrc32c,
      verifiedAdditionalAuthenticatedDataCrc32c,
      protectionLevel: key.protection,
    };
  }

  #decrypt(request: Fields): Fields {
    const { name } = request;
    const key = this.#find('Decrypt', name);
    if (name !== key.name) throw new FakeError('INVALID_ARGUMENT', `Invalid resource name: ${String(name)}.`);
    const ciphertext = bytes(request, 'ciphertext');
    const aad = bytes(request, 'additionalAuthenticatedData');
    verified(request, 'ciphertext', ciphertext);
    verified(request, 'additionalAuthenticatedData', aad);
    const { version, plaintext } = key.decrypt(ciphertext, aad);
    return {
      plaintext,
      plaintextCrc32c: checksum(plaintext),
      usedPrimary: version === key.primary,
      protectionLevel: key.protection,
    };
  }

  #publicKey({ name }: Fields): Fields {
    const key = this.#find('GetPublicKey', name);
    checkSigns(key);
    FakeKey.usable(key.version(String(name)));
    const pem = key.publicPem;
    return { name, pem, pemCrc32c: checksum(Buffer.from(pem)), algorithm: key.algorithm };
  }

  #sign(request: Fields): Fields {
    const { name, digest } = request;
    const key = this.#find('AsymmetricSign', name);
    checkSigns(key);
    FakeKey.usable(key.version(String(name)));
    const sha256 = bytes((digest ?? {}) as Fields, 'sha256');
    if (sha256.length !== 32) throw new FakeError('INVALID_ARGUMENT', 'The digest is none of SHA-256.');
    const verifiedDigestCrc32c = verified(
      { ...request, sha256, sha256Crc32c: request['digestCrc32c'] },
      'sha256',
      sha256,
    );
    const signature = key.sign(sha256);
    return { name, signature, signatureCrc32c: checksum(signature), verifiedDigestCrc32c };
  }

  #getVersion({ name }: Fields): Fields {
    const key = this.#find('GetCryptoKeyVersion', name);
    const version = key.version(String(name));
    if (version.state === 'PENDING_GENERATION' && this.looksUntilGenerated-- <= 0) version.state = 'ENABLED';
    return describeVersion(key, version);
  }

  #createVersion({ parent }: Fields): Fields {
    const key = this.#find('CreateCryptoKeyVersion', parent);
    if (key.importOnly) throw new FakeError('FAILED_PRECONDITION', `${key.name} is import only.`);
    return describeVersion(key, key.addVersion(key.protection === 'HSM' ? 'PENDING_GENERATION' : 'ENABLED'));
  }

  #setPrimary({ name, cryptoKeyVersionId }: Fields): Fields {
    const key = this.#find('UpdateCryptoKeyPrimaryVersion', name);
    key.primary = FakeKey.usable(key.version(`${key.name}/cryptoKeyVersions/${String(cryptoKeyVersionId)}`));
    return describeKey(key);
  }

  #schedule({ cryptoKey, updateMask }: Fields): Fields {
    const { name, rotationPeriod, nextRotationTime } = cryptoKey as Fields;
    const key = this.#find('UpdateCryptoKey', name);
    const { paths } = updateMask as { paths: string[] };
    const known = paths.every((path) => path === 'rotation_period' || path === 'next_rotation_time');
    const [period, next] = [seconds(rotationPeriod), seconds(nextRotationTime)];
    const inTime =
      period === undefined || (period >= DAY && period <= 36_500 * DAY && (next ?? 0) * 1000 > Date.now());
    if (!known || paths.length !== 2 || key.purpose !== 'ENCRYPT_DECRYPT' || key.importOnly || !inTime) {
      throw new FakeError('INVALID_ARGUMENT', 'The rotation schedule is not valid.');
    }
    key.rotationSeconds = period;
    key.nextRotation = next;
    return describeKey(key);
  }
}

function checkSigns({ name, purpose }: FakeKey): void {
  if (purpose === 'ASYMMETRIC_SIGN') return;
  throw new FakeError('INVALID_ARGUMENT', `${name} has purpose ${purpose}, which has no public key.`);
}

function describeKey(key: FakeKey): Fields {
  return {
    name: key.name,
    purpose: key.purpose,
    primary: key.primary ? describeVersion(key, key.primary) : null,
    versionTemplate: { protectionLevel: key.protection, algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' },
    ...(key.rotationSeconds !== undefined && {
      rotationPeriod: { seconds: String(key.rotationSeconds), nanos: 0 },
    }),
    ...(key.nextRotation !== undefined && {
      nextRotationTime: { seconds: String(key.nextRotation), nanos: 0 },
    }),
  };
}

function describeVersion(key: FakeKey, { name, state, created }: FakeVersion): Fields {
  return {
    name,
    state,
    protectionLevel: key.protection,
    algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
    createTime: { seconds: String(created), nanos: 0 },
  };
}

function bytes(request: Fields, field: string): Buffer {
  const value = request[field] ?? Buffer.alloc(0);
  if (!(value instanceof Uint8Array)) throw new FakeError('INVALID_ARGUMENT', `${field} is no bytes.`);
  return Buffer.from(value);
}

function checkSizes({ protection }: FakeKey, plaintext: Buffer, aad: Buffer): void {
  const tooLong =
    protection === 'HSM'
      ? plaintext.length + aad.length > MAX_HSM_BYTES
      : Math.max(plaintext.length, aad.length) > MAX_BYTES;
  if (tooLong) throw new FakeError('INVALID_ARGUMENT', 'The plaintext or the additional data is too long.');
}

/** Whether a checksum came with the field; one that is wrong is refused. */
function verified(request: Fields, field: string, value: Buffer): boolean {
  const sent = request[`${field}Crc32c`];
  if (sent === undefined || sent === null) return false;
  if ((sent as { value: string }).value === checksum(value).value) return true;
  const snake = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  throw new FakeError(
    'INVALID_ARGUMENT',
    `The checksum in field ${snake}_crc32c did not match the data in field ${snake}.`,
  );
}

/** CRC32C bit by bit, with none of the code under test. */
export function checksum(value: Uint8Array): { value: string } {
  let crc = 0xffffffffn;
  for (const byte of value) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return { value: String(crc ^ 0xffffffffn) };
}

function seconds(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return Number((value as { seconds: unknown }).seconds);
}
