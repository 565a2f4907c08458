// Encrypts or decrypts a file with the AWS Encryption SDK, as its documentation does it with streams. What it needs was
// installed in the folder that is the first argument.
import { createReadStream, createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [folder, operation, input, output, frameLength] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const { AlgorithmSuiteIdentifier, buildClient, CommitmentPolicy } = require('@aws-crypto/client-node');
const { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } = require('@aws-crypto/raw-aes-keyring-node');

const keyring = new RawAesKeyringNode({
  keyName: 'bench',
  keyNamespace: 'weightseal',
  unencryptedMasterKey: new Uint8Array(32).map((_, i) => i),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});
const client = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const transform =
  operation === 'encrypt'
    ? client.encryptStream(keyring, {
        suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
        frameLength: Number(frameLength),
        encryptionContext: { model: 'bench', version: '1' },
      })
    : client.decryptStream(keyring);
const highWaterMark = 1_048_576;
await pipeline(
  createReadStream(input, { highWaterMark }),
  transform,
  createWriteStream(output, { highWaterMark }),
);
