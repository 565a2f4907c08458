import { configured, force, key } from './flags.js';
import { signers, signing } from './release-flags.js';
import type { Command, Flag } from './spec.js';

const plain: Flag = {
  name: 'plain',
  help: 'the directory is no bundle, but the files of a model as they are',
};

export const RELEASE_COMMANDS: readonly Command[] = [
  {
    name: 'sign',
    operand: '<sealed>',
    summary: 'sign a sealed file or a bundle as it lies there',
    about:
      'Signs what was released, so that anybody can see who made it, and that it is whole, before a key is asked. No payload is read, and no key that opens it is needed: what is signed is its manifest. The signature ' +
      '(weightseal.sig, in OpenSSF Model Signing v1.0) lies in the bundle, or beside the file; a rewrap leaves it good. With --plain, it signs the files of a directory as they are, for those who have opened it.',
    flags: [
      ...signing,
      { name: 'output', short: 'o', value: 'file', help: 'with --plain: where the signature goes' },
      plain,
      { name: 'release-name', value: 'name', help: 'of a file: what its manifest is to call the model' },
      {
        name: 'release-version',
        value: 'version',
        help: 'of a file: which version its manifest is to say it is',
      },
      { ...force, help: 'replace a signature that is there' },
      ...configured,
    ],
    examples: [
      'weightseal sign llama.sealed --signer pem:release.pem',
      'weightseal sign s3://models/llama-3 --signer aws-kms://…/alias/release --certificate chain.pem',
      'weightseal sign llama/ --plain -o model.sig --signer pem:release.pem',
    ],
  },
  {
    name: 'verify-signature',
    operand: '<sealed>',
    summary: 'check who has signed a sealed file or a bundle, and that it is that',
    about:
      'Says who has signed, once the signature is good, of somebody whom you name, and of the manifest that lies there. Then all files are compared with it, size and digest, unless --no-files is given. No key that opens it is needed. Whatever does not hold ends it with ' +
      'exit code 8, or 3 for a file that is not what was signed, and nothing on standard output. With --plain and --signature it compares the files of a directory that was signed as it is.',
    flags: [
      ...signers,
      { name: 'no-files', help: 'do not read the files: say only whose the manifest is' },
      plain,
      { name: 'signature', value: 'file', help: 'with --plain: where the signature is' },
      ...configured,
    ],
    examples: [
      'weightseal verify-signature llama.sealed --public-key release.pub.pem',
      'weightseal verify-signature s3://models/llama-3 --root ca.pem --identity release@acme.example',
      'weightseal verify-signature opened-llama --plain --signature model.sig --public-key release.pub.pem',
    ],
  },
  {
    name: 'bom',
    operand: '<sealed>',
    prints: true,
    summary: 'write a bill of materials of a sealed file or a bundle, in CycloneDX',
    about:
      'Prints an ML-BOM (CycloneDX 1.6, JSON): which files were released, with their SHA-256 and size as they lie there, the context, who can open it and who has signed it. No key is needed, and no payload is read. With a signer the signature is ' +
      'verified first, and nothing is printed unless it is good; without one, the document says that it was not verified. The same release gives the same bytes.',
    flags: [
      {
        name: 'output',
        short: 'o',
        value: 'file',
        inStores: true,
        help: 'where it goes; standard output unless told',
      },
      ...signers,
      { name: 'no-recipients', help: 'leave out who can open it: their key URIs name accounts and hosts' },
      force,
      ...configured,
    ],
    examples: [
      'weightseal bom llama.sealed --public-key release.pub.pem -o llama.cdx.json',
      "weightseal bom s3://models/llama-3 | jq '.components[].name'",
    ],
  },
  {
    name: 'diff',
    operand: '<bundle>',
    second: '<newer>',
    prints: true,
    summary: 'show what changed from one release to the next',
    about:
      'Compares two bundles by their manifests: which files were added, removed, changed, or are the very same bytes, and whether the second says that it came after the first. No key is needed. With --key it compares the members, and tells ' +
      'apart what has other bytes from what was only encrypted anew. Exits with 0 whether they differ or not.',
    flags: [
      { ...key, help: 'a key that opens both, to compare their members; repeat for more' },
      ...configured,
    ],
    examples: [
      'weightseal diff llama-3.sealed llama-3.1.sealed',
      "weightseal diff s3://models/llama-3 s3://models/llama-3.1 --json | jq '.changed[]'",
    ],
  },
];
