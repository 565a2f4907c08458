import { configuration, configured, expect, key, provider } from './flags.js';
import type { Command } from './spec.js';

export const LOAD_COMMANDS: readonly Command[] = [
  {
    name: 'run',
    operand: '<sealed>',
    several:
      'A model of several files is sealed as the directory that they are in, and two models take two runs: `weightseal help loading`.',
    rest: '<command> [args…]',
    summary: 'run a command with the plaintext in memory',
    about:
      'Opens a sealed file, by its path or a URI of a store, into memory that other users cannot see, where the machine allows it into a tmpfs of its own, and runs the command. It finds the plaintext by the path in ' +
      'WEIGHTSEAL_MODEL_PATH, for which {model} stands in its arguments ({{model}} for {model} itself), and by descriptor 3 (WEIGHTSEAL_MODEL_FD). The plaintext has no name in any directory: ' +
      'it is gone when the command ends, also by kill -9. A bundle becomes a directory of files under their own names, which can only be read. Signals are passed on, and the exit code is the one of the command ' +
      '(128 and the number of the signal that ended it). The command gets no core dumps, and an environment without what opens keys. ' +
      'A disk is not written to unless --allow-disk is given, also when the model comes from a store. With --json the object comes on stderr when the command has ended.',
    flags: [
      key,
      expect,
      {
        name: 'release',
        value: 'when',
        values: ['after-exit', 'on-ready'],
        help: 'after-exit (unless told), or on-ready: wipe it when the command has loaded it',
      },
      {
        name: 'ready-url',
        value: 'url',
        help: 'for on-ready: the command answers 2xx there then; without it, it writes to descriptor 4',
      },
      {
        name: 'named',
        help: 'give the plaintext a name, for libraries that need one: `weightseal help loading`',
      },
      {
        name: 'name',
        value: 'name',
        help: 'its file name, by which some libraries choose; the original one unless told',
      },
      {
        name: 'only',
        value: 'glob',
        many: true,
        help: 'of a bundle: open only these members (model-00001*, adapter/**); repeat for more',
      },
      {
        name: 'allow-extra',
        value: 'glob',
        many: true,
        help: 'of a bundle: files that may stand in its directory and are not part of it; they are not read',
      },
      {
        name: 'allow-incomplete',
        help: 'of a bundle: load it although an index names shards, or an ONNX model tensors, that are not in it',
      },
      {
        name: 'writable-beside',
        help: 'of a bundle: let the command make files beside the weights, in the same memory and gone with it',
      },
      {
        name: 'private-caches',
        help: 'keep what engines compile, convert and download in that memory too, and tell what was written elsewhere',
      },
      { name: 'private-tmp', help: 'the same for TMPDIR' },
      {
        name: 'owner',
        value: 'uid[:gid]',
        help: 'give the plaintext to this user, for a command that changes to it; takes root',
      },
      { name: 'allow-exec', help: 'let libraries (.so) and programs of the model be executed' },
      {
        name: 'where',
        value: 'place',
        values: ['auto', 'own', 'existing'],
        help: 'auto (unless told); own: only a tmpfs of our own; existing: only one that is there',
      },
      { name: 'directory', value: 'path', help: 'a tmpfs that is there, instead of /dev/shm and the like' },
      {
        name: 'allow-disk',
        help: 'use a disk where there is no memory file system; whoever has it has the weights',
      },
      { name: 'require-no-swap', help: 'refuse memory that can be swapped out' },
      {
        name: 'memory-allowance',
        value: 'size',
        help: 'refuse unless so much memory (2GiB) is left besides the plaintext, for the command',
      },
      { name: 'check-digest', help: "compute the plaintext's SHA-256 too and compare it" },
      {
        name: 'keep-env',
        value: 'name',
        many: true,
        help: 'leave this variable to the command, although it opens keys; repeat for more',
      },
      {
        name: 'pass-fd',
        value: 'number',
        many: true,
        help: 'give the command this open descriptor; those that its words name (/dev/fd/63) go by themselves',
      },
      ...configured,
    ],
    examples: [
      'weightseal run model.gguf.sealed --key local:models.key -- llama-server -m {model}',
      'weightseal run s3://models/llama-3 -- python3 serve.py {model}',
      'weightseal run model.onnx.sealed --context model=llama --release on-ready --ready-url http://127.0.0.1:8000/health -- python3 serve.py',
    ],
  },
  {
    name: 'sweep',
    operand: '<place>',
    anyNumber: true,
    summary: 'remove what a killed process has left: plaintext in memory, uploads in stores',
    about:
      'Removes what a process that was killed (kill -9) has left in a memory file system, and beside the output of an `open` of a bundle. The next load, and the next `open` to the same place, ' +
      'do that by themselves; this does it now. What a living process has is not touched. Of a URI it removes uploads, and bundles, that were begun at that place or below it and have not come to their end; ' +
      'there nobody knows whose process lives, so what is younger than a day is told and kept. Without <place>, looks where the loader puts things (/dev/shm, XDG_RUNTIME_DIR, /run/weightseal, ' +
      '/run, TMPDIR, /tmp), and where you have opened or sealed directories.',
    flags: [
      {
        name: 'elsewhere',
        help: 'also what another container has left: nobody here can see whether its process lives',
      },
      {
        name: 'unfinished',
        help: 'also what a seal, reseal or cp that was cut off has done, and would go on with',
      },
      {
        name: 'older-than',
        value: 'time',
        help: 'of a store: what was begun so long ago (30m, 12h, 2d); a day unless told',
      },
      ...configuration,
      provider,
    ],
    examples: [
      'weightseal sweep',
      'weightseal sweep /run/weightseal --json',
      'weightseal sweep s3://models --older-than 2d',
    ],
  },
];
