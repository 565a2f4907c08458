import {
  allowKeyOfOthers,
  allowWeakPassphrase,
  configured,
  expect,
  force,
  key,
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
    summary: 'encrypt a file for one or more keys',
    about:
      'Encrypts a file, or stdin when <input> is -. Any one of the keys opens it. Without --key, the first rule of the ' +
      'configuration that matches <input> says who they are, and which context must be given.',
    flags: [
      { ...key, help: 'a key to seal for, a URI or a name; repeat for more (at most 32)' },
      {
        name: 'output',
        short: 'o',
        value: 'file',
        help: 'where to; <input>.sealed unless told, - for stdout',
      },
      { ...expect, help: 'bind the file to this, in the clear; repeat for more' },
      { name: 'name', value: 'name', help: 'the file name to keep, encrypted; that of <input> unless told' },
      { name: 'no-digest', help: "do not keep the plaintext's SHA-256; to stdout it never is kept" },
      {
        name: 'segment-length',
        value: 'bytes',
        help: 'of an encrypted segment, 64 to 16777216; 1048608 unless told',
      },
      force,
      { name: 'seal-again', help: 'seal a file that is sealed already once more' },
      ...configured,
      allowWeakPassphrase,
    ],
    examples: [
      'weightseal seal model.safetensors --key local:models.key --context model=llama',
      'weightseal seal model.safetensors --profile prod --context model=llama',
      'tar c model/ | weightseal seal - -o model.tar.sealed --key passphrase:',
    ],
  },
  {
    name: 'open',
    operand: '<sealed>',
    summary: 'decrypt a sealed file',
    about:
      'Decrypts a sealed file, or stdin when <sealed> is -. A file appears only when all of it has been authenticated. ' +
      'What goes to stdout has been authenticated too, but whether the end is missing is known only at the end: look at the exit code. ' +
      'Without --key, the configuration says which keys to ask.',
    flags: [
      key,
      { name: 'output', short: 'o', value: 'file', required: true, help: 'where to; - for stdout' },
      expect,
      {
        name: 'check-digest',
        help: "compute the plaintext's SHA-256 too and compare it, where the file has one; not for stdout",
      },
      force,
      ...configured,
    ],
    examples: [
      'weightseal open model.sealed -o model.safetensors --key local:models.key --context model=llama',
      'weightseal open model.tar.sealed -o - --key passphrase: | tar x',
    ],
  },
  {
    name: 'verify',
    operand: '<sealed>',
    summary: 'check that what a sealed file holds is as it was sealed, and write nothing',
    about:
      'Authenticates the payload, the metadata and the envelope in use of a sealed file, or of stdin when <sealed> is -, and writes ' +
      'nothing. The other copy of the envelope is compared with the one in use: where they differ, it says so.',
    flags: [
      key,
      expect,
      { name: 'no-digest', help: "do not compute the plaintext's SHA-256 as well" },
      { name: 'strict', help: "refuse a file whose envelope's two copies differ, too" },
      ...configured,
    ],
    examples: ['weightseal verify model.sealed --key local:models.key --context model=llama'],
  },
  {
    name: 'inspect',
    operand: '<sealed>',
    prints: true,
    summary: 'show what a sealed file shows to anyone',
    about:
      'Shows context, keys and sizes. It asks no key, so all of it is only what the file claims: `verify` checks.',
    flags: [],
    examples: ['weightseal inspect model.sealed', 'weightseal inspect model.sealed --json | jq .recipients'],
  },
  {
    name: 'rewrap',
    operand: '<sealed>',
    summary: 'change which keys open a file, in place and in no time',
    about:
      'Changes which keys open a file; no byte of the payload is touched. Without --to and --remove, wraps anew for the ' +
      'present versions of the keys named by --key. Whoever could open it before and kept a copy, or the data key, still can: see `reseal`.',
    flags: [
      key,
      to,
      remove,
      expect,
      { name: 'grow', help: 'write the file anew if its envelope has no more room' },
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
    summary: 'give a file a new data key',
    about:
      'Encrypts every byte anew under a new data key, verifies the result, and replaces the file. ' +
      'Each key that stays must be named by --key. Do this after a key was lost to somebody.',
    flags: [key, to, remove, expect, ...configured, allowWeakPassphrase],
    examples: [
      'weightseal reseal model.sealed --key local:old.key --to local:new.key --remove local:old.key',
    ],
  },
];
