import { type FakeKey, keyIdOf } from './fake-key.js';
import { signDigest } from './sign-digest.js';

/** An error as AWS KMS words it. */
export class Refusal extends Error {
  readonly type: string;
  readonly status: number;
  constructor(type: string, message = '', status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

export type Input = Readonly<Record<string, unknown>>;
type Operation = (key: FakeKey, input: Input) => object;

const MAX_PLAINTEXT = 4096;
const MAX_CIPHERTEXT = 6144;
const MAX_CONTEXT = 8192;
const REAL_DAY = 86_400;

/** Each with the parameters that it knows; KeyId is every one's. */
export const operations: Readonly<
  Record<string, { run: Operation; parameters: readonly string[]; aliases: boolean }>
> = {
  Encrypt: {
    parameters: ['Plaintext', 'EncryptionContext', 'EncryptionAlgorithm'],
    aliases: true,
    run(key, input) {
      checkUsable(key);
      const plaintext = blob(input, 'Plaintext', MAX_PLAINTEXT);
      const ciphertext = key.encrypt(plaintext, context(input));
      return {
        KeyId: key.arn,
        CiphertextBlob: ciphertext.toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },
  },
  Decrypt: {
    parameters: ['CiphertextBlob', 'EncryptionContext', 'EncryptionAlgorithm'],
    aliases: true,
    run(key, input) {
      checkUsable(key);
      const ciphertext = blob(input, 'CiphertextBlob', MAX_CIPHERTEXT);
      const madeBy = keyIdOf(ciphertext);
      if (madeBy === undefined) throw new Refusal('InvalidCiphertextException');
      if (madeBy !== key.id) {
        throw new Refusal(
          'IncorrectKeyException',
          'The key ID in the request does not identify a CMK that can perform this operation.',
        );
      }
      const opened = key.decrypt(ciphertext, context(input));
      if (opened === undefined) throw new Refusal('InvalidCiphertextException');
      return {
        KeyId: key.arn,
        Plaintext: opened.plaintext.toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        ...(hasMaterials(key) ? { KeyMaterialId: opened.material.id } : {}),
      };
    },
  },
  GetPublicKey: {
    parameters: [],
    aliases: true,
    run(key) {
      const pair = asymmetric(key);
      checkState(key);
      return {
        KeyId: key.arn,
        PublicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
        KeySpec: key.keySpec,
        CustomerMasterKeySpec: key.keySpec,
        KeyUsage: key.keyUsage,
        ...(key.keyUsage === 'SIGN_VERIFY' ? { SigningAlgorithms: [RSA_SIGNING] } : {}),
      };
    },
  },
  Sign: {
    parameters: ['Message', 'MessageType', 'SigningAlgorithm'],
    aliases: true,
    run(key, input) {
      const pair = asymmetric(key);
      checkState(key);
      if (key.keyUsage !== 'SIGN_VERIFY')
        throw new Refusal('InvalidKeyUsageException', `${key.arn} key usage is ${key.keyUsage}.`);
      if (input['MessageType'] !== 'DIGEST' || input['SigningAlgorithm'] !== RSA_SIGNING)
        throw new Refusal('InvalidKeyUsageException', 'Algorithm is incompatible with key spec.');
      const digest = blob(input, 'Message', MAX_PLAINTEXT);
      if (digest.length !== DIGEST_BYTES)
        throw new Refusal('ValidationException', 'Digest is invalid length for algorithm.');
      const Signature = signDigest(pair.privateKey, digest).toString('base64');
      return { KeyId: key.arn, Signature, SigningAlgorithm: RSA_SIGNING };
    },
  },
  DescribeKey: {
    parameters: [],
    aliases: true,
    run(key) {
      const symmetric = key.keySpec === 'SYMMETRIC_DEFAULT';
      const described = {
        AWSAccountId: key.arn.split(':')[4],
        KeyId: key.id,
        Arn: key.arn,
        Enabled: key.state === 'Enabled',
        KeyState: key.state,
        KeyUsage: key.keyUsage,
        KeySpec: key.keySpec,
        Origin: key.origin,
        MultiRegion: key.multiRegion,
        ...(key.keyUsage === 'ENCRYPT_DECRYPT'
          ? { EncryptionAlgorithms: [symmetric ? 'SYMMETRIC_DEFAULT' : 'RSAES_OAEP_SHA_256'] }
          : {}),
        ...(hasMaterials(key) ? { CurrentKeyMaterialId: key.current.id } : {}),
      };
      // It takes a while until a rotation is done: the next look sees it.
      key.finishRotation();
      return { KeyMetadata: described };
    },
  },
  RotateKeyOnDemand: {
    parameters: [],
    aliases: false,
    run(key) {
      checkRotatable(key);
      if (key.pending) throw new Refusal('ConflictException', 'A rotation is in progress.');
      key.beginRotation();
      return { KeyId: key.arn };
    },
  },
  EnableKeyRotation: {
    parameters: ['RotationPeriodInDays'],
    aliases: false,
    run(key, input) {
      checkRotatable(key);
      const { RotationPeriodInDays: days = 365 } = input;
      if (typeof days !== 'number' || days < 90 || days > 2560)
        throw new Refusal('ValidationException', 'RotationPeriodInDays');
      key.rotationDays = days;
      return {};
    },
  },
  DisableKeyRotation: {
    parameters: [],
    aliases: false,
    run(key) {
      checkRotatable(key);
      key.rotationDays = undefined;
      return {};
    },
  },
  GetKeyRotationStatus: {
    parameters: [],
    aliases: false,
    run(key) {
      const days = key.rotationDays;
      if (days === undefined) return { KeyId: key.arn, KeyRotationEnabled: false };
      const next = Math.floor(Date.now() / 1000) + days * REAL_DAY;
      return { KeyId: key.arn, KeyRotationEnabled: true, RotationPeriodInDays: days, NextRotationDate: next };
    },
  },
  ListKeyRotations: {
    parameters: ['Limit', 'Marker', 'IncludeKeyMaterial'],
    aliases: false,
    run(key) {
      const rotations = key.materials.flatMap(({ id, rotated }) =>
        rotated
          ? [{ KeyId: key.arn, KeyMaterialId: id, RotationDate: rotated.at, RotationType: rotated.type }]
          : [],
      );
      return { Rotations: rotations, Truncated: false };
    },
  },
};

function hasMaterials(key: FakeKey): boolean {
  return key.origin === 'AWS_KMS' || key.origin === 'EXTERNAL';
}

/** Of RSA_2048, the one key spec that the fake signs with. */
const RSA_SIGNING = 'RSASSA_PKCS1_V1_5_SHA_256';
const DIGEST_BYTES = 32;

function asymmetric(key: FakeKey): NonNullable<FakeKey['pair']> {
  if (key.pair) return key.pair;
  throw new Refusal('UnsupportedOperationException', `${key.arn} is not an asymmetric key.`);
}

function checkUsable(key: FakeKey): void {
  if (key.keySpec !== 'SYMMETRIC_DEFAULT' || key.keyUsage !== 'ENCRYPT_DECRYPT') {
    throw new Refusal('InvalidKeyUsageException', `${key.arn} key usage is ${key.keyUsage}.`);
  }
  checkState(key);
}

function checkState(key: FakeKey): void {
  if (key.state === 'Disabled') throw new Refusal('DisabledException', `${key.arn} is disabled.`);
  if (key.state !== 'Enabled' && key.state !== 'Updating') {
    throw new Refusal('KMSInvalidStateException', `${key.arn} is ${key.state}.`);
  }
}

function checkRotatable(key: FakeKey): void {
  if (key.keySpec !== 'SYMMETRIC_DEFAULT' || !hasMaterials(key))
    throw new Refusal('UnsupportedOperationException');
  checkUsable(key);
}

function blob(input: Input, name: string, max: number): Buffer {
  const text = input[name];
  if (typeof text !== 'string')
    throw new Refusal('ValidationException', `Value at '${name}' failed to satisfy constraint`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new Refusal('SerializationException');
  if (bytes.length === 0 || bytes.length > max) {
    throw new Refusal(
      'ValidationException',
      `Value at '${name}' failed to satisfy constraint: Member must have length`,
    );
  }
  return bytes;
}

function context({ EncryptionContext: given = {} }: Input): Record<string, string> {
  const entries = Object.entries(given as object) as [string, unknown][];
  const refused = entries.some(
    ([name, value]) => typeof value !== 'string' || value === '' || name === '' || name.startsWith('aws:'),
  );
  if (refused || JSON.stringify(given).length > MAX_CONTEXT) {
    throw new Refusal('ValidationException', 'Invalid EncryptionContext');
  }
  return Object.fromEntries(entries) as Record<string, string>;
}
