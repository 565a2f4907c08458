import type { GetPublicKeyCommandOutput, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import {
  checkedDeadline,
  checkOptions,
  type FoundKey,
  makeSigner,
  ownBytes,
  type Signer,
  type SigningAlgorithm,
  WeightsealError,
} from '@weightseal/core';
import { type Ask, asking } from './ask.js';
import { type AwsKeyOptions, OPTIONS, URI_OPTIONS, type UriOptions } from './aws-key.js';
import { lazyConnection } from './connection.js';
import { type KeyName, keyName, PROVIDER, parseKeyUri, uriOf } from './key-name.js';
import { answeredVersion, type KeyVersion, strange } from './key-version.js';

/** As for a key that wraps; `keyId` names an asymmetric one whose usage is SIGN_VERIFY. */
export type AwsSignerOptions = AwsKeyOptions;

/**
 * How AWS KMS calls it. Ed25519 is missing: of that it takes whole messages, of 4096 bytes at most, and no digests.
 */
const SPECS: Readonly<Record<Exclude<SigningAlgorithm, 'Ed25519'>, SigningAlgorithmSpec>> = {
  'ECDSA-P256-SHA256': 'ECDSA_SHA_256',
  'ECDSA-P384-SHA384': 'ECDSA_SHA_384',
  'ECDSA-P521-SHA512': 'ECDSA_SHA_512',
  'RSA-PKCS1-SHA256': 'RSASSA_PKCS1_V1_5_SHA_256',
};

/**
 * An asymmetric key of AWS KMS that signs: ECDSA by P-256, P-384 or P-521, or RSA. Only digests leave this machine. The key that `GetPublicKey` found is the one that
 * signs, also where an alias has moved on meanwhile.
 *
 * @throws INVALID_ARGUMENT for what names no key
 */
export function createAwsSigner(options: AwsSignerOptions): Signer {
  checkOptions(options, OPTIONS, 'A signer of AWS KMS');
  return awsSigner(keyName(options.keyId, options.region, 'INVALID_ARGUMENT'), options);
}

/**
 * The signer of `aws-kms://<key ARN>`, and all that `awsKeyFromUri` takes.
 *
 * @throws KEY_URI_INVALID, INVALID_ARGUMENT
 */
export function awsSignerFromUri(uri: string, options: UriOptions = {}): Signer {
  checkOptions(options, URI_OPTIONS, 'A signer of aws-kms:');
  return awsSigner(parseKeyUri(uri), options);
}

function awsSigner(name: KeyName, options: UriOptions): Signer {
  const deadlineMs = checkedDeadline(options.deadlineMs);
  const ask = asking(name, lazyConnection(name, options));
  return makeSigner<KeyVersion>({
    provider: PROVIDER,
    uri: uriOf(name),
    limits: (call, doing) => ({
      signal: call?.signal,
      deadlineMs,
      doing: `${doing} the AWS KMS key ${name.keyId}`,
    }),
    find: (stop) => found(ask, name, stop),
    sign: (version, { algorithm, digest }, stop) => signed(ask, name, version, algorithm, digest, stop),
  });
}

async function found(ask: Ask, name: KeyName, stop: AbortSignal): Promise<FoundKey<KeyVersion>> {
  const answer = await ask('GetPublicKey', stop, ({ sdk, client, KeyId, abort }) =>
    client.send(new sdk.GetPublicKeyCommand({ KeyId }), abort),
  );
  const version = answeredVersion({ KeyId: answer.KeyId }, name);
  checkFit(answer, name);
  const publicKey = ownBytes(answer.PublicKey);
  if (!publicKey?.length) throw strange('gave no public key', name);
  return { publicKey, version };
}

/** @throws SIGNING_KEY_UNFIT */
function checkFit({ KeyUsage: usage, KeySpec: spec }: GetPublicKeyCommandOutput, { keyId }: KeyName): void {
  if (usage !== 'SIGN_VERIFY') throw unfit(keyId, 'its usage is not SIGN_VERIFY');
  if (String(spec).includes('EDWARDS'))
    throw unfit(
      keyId,
      'AWS KMS signs no more than 4096 bytes with Ed25519, and what is signed here is longer',
    );
}

async function signed(
  ask: Ask,
  name: KeyName,
  { key }: KeyVersion,
  algorithm: SigningAlgorithm,
  digest: Uint8Array,
  stop: AbortSignal,
): Promise<Uint8Array> {
  if (algorithm === 'Ed25519') throw strange('gave a key of another kind than it said', name);
  const SigningAlgorithm = SPECS[algorithm];
  const answer = await ask('Sign', stop, ({ sdk, client, abort }) =>
    client.send(
      new sdk.SignCommand({ KeyId: key, Message: digest, MessageType: 'DIGEST', SigningAlgorithm }),
      abort,
    ),
  );
  answeredVersion({ KeyId: answer.KeyId }, name);
  if (answer.SigningAlgorithm !== SigningAlgorithm) throw strange('used another algorithm than asked', name);
  const signature = ownBytes(answer.Signature);
  if (!signature?.length) throw strange('gave no signature', name);
  return signature;
}

function unfit(keyId: string, why: string): WeightsealError {
  return new WeightsealError(
    'SIGNING_KEY_UNFIT',
    `The AWS KMS key ${keyId} cannot sign here: ${why}. Make one for it: aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY.`,
  );
}
