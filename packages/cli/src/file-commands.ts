import {
  allowExtra,
  allowKeyOfOthers,
  allowWeakPassphrase,
  configuration,
  configured,
  expect,
  force,
  key,
  noManifest,
  only,
  provider,
  releaseName,
  releaseVersion,
  remove,
  to,
} from './flags.js';
import type { Command } from './spec.js';

export const FILE_COMMANDS: readonly Command[] = [
  {
    name: 'keygen',
    operand: '<path>',
    prints: true,
    summary: 'make a key file',
    about:
      'Makes a key file (mode 0600) and prints its URI. Keep a copy: without it nothing it sealed can be opened.',
    flags: [
      { name: 'rotate', help: 'add a new version to an existing key file; the old ones still open' },
      allowKeyOfOthers,
    ],
    examples: ['weightseal keygen models.key', 'weightseal keygen models.key --rotate'],
  },
  {
    name: 'seal',
    operand: '<input>',
    summary: 'encrypt a file or a directory for one or more keys',
    about:
      'Encrypts a file, a directory with all that is in it, or stdin when <input> is -. Any one of the keys opens it. Without --key, the first rule of the ' +
      'configuration that matches <input> says who they are, and which context must be given. A sealed directory, a bundle, is a directory: a file for each member, ' +
      'the sealed table of them, and weightseal.json, which says who may open it. Version control, caches and locks are left out, and told. -o takes a URI of a store (s3://…), and nothing is there before all ' +
      'of it is; a single file can be sealed from one.',
    flags: [
      { ...key, help: 'a key to seal for, a URI or a name; repeat for more (at most 32)' },
      {
        name: 'output',
        short: 'o',
        value: 'file',
        inStores: true,
        help: 'where to, a path or a URI; <input>.sealed unless told, - for stdout',
      },
      { ...expect, help: 'bind it to this, in the clear; repeat for more' },
      {
        name: 'include',
        value: 'glob',
        many: true,
        of: 'directory',
        help: 'of a directory: seal only what this names; repeat for more',
      },
      {
        name: 'exclude',
        value: 'glob',
        many: true,
        of: 'directory',
        help: 'of a directory: leave out what this names; repeat for more',
      },
      {
        name: 'public',
        value: 'glob',
        many: true,
        of: 'directory',
        help: "of a directory: do not encrypt what this names ('*.json'), only authenticate it; repeat for more",
      },
      {
        name: 'hide-names',
        of: 'directory',
        help: 'of a directory: give the sealed files random names',
      },
      {
        name: 'reuse',
        value: 'bundle',
        of: 'directory',
        help: 'of a directory: take over what did not change from an older version that one of the keys opens',
      },
      {
        name: 'no-resume',
        of: 'directory',
        help: 'of a directory: do not go on with a seal to the same output that was cut off',
      },
      releaseName,
      releaseVersion,
      noManifest,
      { name: 'name', value: 'name', help: 'the name to keep, encrypted; that of <input> unless told' },
      {
        name: 'no-digest',
        of: 'file',
        notOf: ' The table of a bundle always has a digest of each member.',
        help: "of a file: do not keep the plaintext's SHA-256; to stdout it never is kept",
      },
      {
        name: 'segment-length',
        value: 'bytes',
        help: 'of an encrypted segment, 64 to 16777216; 1048608 unless told',
      },
      force,
      { name: 'seal-again', help: 'seal what is sealed already once more' },
      ...configured,
      allowWeakPassphrase,
    ],
    examples: [
      'weightseal seal model.safetensors --key local:models.key --context model=llama',
      'weightseal seal model.safetensors --profile prod --context model=llama',
      'weightseal seal llama/ --key aws-kms://…/alias/models -o s3://models/llama-3',
      "weightseal seal llama/ --key local:models.key --public '*.json' --exclude '*.bin'",
      'tar c model/ | weightseal seal - -o model.tar.sealed --key passphrase:',
    ],
  },
  {
    name: 'open',
    operand: '<sealed>',
    summary: 'decrypt a sealed file or a bundle',
    about:
      'Decrypts a sealed file or a bundle (a sealed directory), by its path or a URI of a store, or stdin when <sealed> is -. A file or a directory appears only when all of it has been authenticated. ' +
      'What goes to stdout has been authenticated too, but whether the end is missing is known only at the end: look at the exit code. ' +
      'Without --key, the configuration says which keys to ask.',
    flags: [
      key,
      { name: 'output', short: 'o', value: 'file', required: true, help: 'where to; - for stdout' },
      expect,
      only,
      allowExtra,
      {
        name: 'check-digest',
        help: "compute the plaintext's SHA-256 too and compare it, where there is one; not for stdout",
      },
      force,
      ...configured,
    ],
    examples: [
      'weightseal open model.sealed -o model.safetensors --key local:models.key --context model=llama',
      'weightseal open model.tar.sealed -o - --key passphrase: | tar x',
      "weightseal open llama.sealed -o part --key local:models.key --only 'model-00001*' --only '*.json'",
    ],
  },
  {
    name: 'verify',
    operand: '<sealed>',
    summary: 'check that what a sealed file or a bundle holds is as it was sealed, and write nothing',
    about:
      'Authenticates the payload, the metadata and the envelope in use of a sealed file, or of stdin when <sealed> is -, and writes ' +
      'nothing. The other copy of the envelope is compared with the one in use: where they differ, it says so. Of a bundle it authenticates envelope, table and ' +
      'all members, and looks that nothing else stands in it. With --no-key, anybody can see that all files are those which the manifest names; who released them, `verify-signature` tells.',
    flags: [
      key,
      expect,
      only,
      allowExtra,
      { name: 'no-digest', help: "do not compute the plaintext's SHA-256 as well" },
      {
        name: 'no-key',
        help: 'ask no key: compare what lies there with its manifest, size and digest of every file',
      },
      {
        name: 'strict',
        help: "refuse a file whose envelope's two copies differ, too; a bundle has one",
      },
      ...configured,
    ],
    examples: [
      'weightseal verify model.sealed --key local:models.key --context model=llama',
      'weightseal verify s3://models/llama-3 --no-key',
    ],
  },
  {
    name: 'inspect',
    operand: '<sealed>',
    prints: true,
    summary: 'show what a sealed file or a bundle shows to anyone',
    about:
      'Shows context, keys and sizes, and the files of a bundle. It asks no key, so all of it is only what is claimed: `verify` checks, and `list` shows the members of a bundle.',
    flags: [...configuration, provider],
    examples: [
      'weightseal inspect model.sealed',
      'weightseal inspect model.sealed --json | jq .recipients',
      'weightseal inspect s3://models/llama-3',
    ],
  },
  {
    name: 'list',
    operand: '<bundle>',
    prints: true,
    summary: 'list the members of a bundle',
    about:
      'Shows what a bundle (a sealed directory) holds: kind, size and path of each member, as envelope and table say, which are authenticated. No member is read; `verify` does that.',
    flags: [key, expect, only, ...configured],
    examples: [
      'weightseal list llama.sealed --key local:models.key',
      "weightseal list llama.sealed --key local:models.key --json | jq '.members[].path'",
    ],
  },
  {
    name: 'rewrap',
    operand: '<sealed>',
    summary: 'change which keys open a file or a bundle, in place and in no time',
    about:
      'Changes which keys open a sealed file or a bundle; no byte of a payload is touched. Without --to and --remove, wraps anew for the ' +
      'present versions of the keys named by --key. In a store the object is replaced in one step, and not downloaded where the store can copy. Whoever could open it before and kept a copy, or the data key, still can: see `reseal`.',
    flags: [
      key,
      to,
      remove,
      expect,
      { name: 'grow', help: 'write a file anew if its envelope has no more room' },
      ...configured,
      allowWeakPassphrase,
    ],
    examples: [
      'weightseal rewrap model.sealed --key local:old.key --to local:new.key --remove local:old.key',
      'weightseal keygen models.key --rotate && weightseal rewrap model.sealed --key local:models.key',
    ],
  },
  {
    name: 'reseal',
    operand: '<sealed>',
    summary: 'give a file or a bundle a new data key',
    about:
      'Encrypts every byte anew under a new data key, of a bundle each member under a new key, verifies the result, and replaces the file or the bundle. ' +
      'Each key that stays must be named by --key. Do this after a key was lost to somebody. A bundle in a store is not replaced: -o says where the new one goes.',
    flags: [
      key,
      to,
      remove,
      expect,
      {
        name: 'output',
        short: 'o',
        value: 'file',
        inStores: true,
        help: 'where to, a path or a URI; in its place unless told. Of a bundle a URI',
      },
      { ...force, of: 'file', notOf: " A bundle takes nothing's place." },
      {
        name: 'no-resume',
        of: 'directory',
        help: 'of a bundle: do not go on with a reseal that was cut off',
      },
      releaseName,
      releaseVersion,
      noManifest,
      ...configured,
      allowWeakPassphrase,
    ],
    examples: [
      'weightseal reseal model.sealed --key local:old.key --to local:new.key --remove local:old.key',
    ],
  },
];
