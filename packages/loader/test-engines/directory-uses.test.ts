// What engines look for in a directory before they open anything, and what they do with it besides: a part of it, gone when it is loaded, caches beside it.
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyFile } from '@weightseal/kms-local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answer,
  answerAnd,
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
} from './support.ts';

let folder = '';
let key = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weightseal-engines-'));
  key = await generateKeyFile(join(folder, 'model.key'));
});
afterAll(() => rm(folder, { recursive: true }));

const PLACES = ['own', 'existing'] as const;
const isRoot = process.getuid!() === 0;

describe.runIf(python)(`the directory${leftOut}`, () => {
  const NAMES = [
    '1_Pooling/config.json',
    // Its last letter is two characters, which must not become one.
    'cafe\u0301.json',
    'onnx/weights/[0] 模型.bin',
    '模型-00001-of-00002.gguf',
    '模型-00002-of-00002.gguf',
  ];
  const DIRECTORIES = ['1_Pooling', 'onnx', 'onnx/weights', 'vacant'];
  /** Read where another user may not look, by an interpreter that it may run. */
  const look = ['/usr/bin/python3', '-c', readFileSync(child('look.py'), 'utf8')];
  const names = [...NAMES, ...DIRECTORIES].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const refused = (code: string) => ({ 'a file that is there': code, 'a new one': code, 'a lock': code });
  let bundle: Bundle;

  beforeAll(async () => {
    const model = join(folder, 'names');
    for (const name of DIRECTORIES) await mkdir(join(model, name), { recursive: true });
    for (const [n, name] of NAMES.entries())
      await writeFile(join(model, name), Buffer.alloc(n * 70_000, name));
    bundle = await sealDirectory(model, await mkdtemp(join(folder, 'bundle-')), key);
  });

  test.for(PLACES)(
    'of run, in the place %s, is made of files with one name each',
    async (where, { skip }) => {
      skip(where === 'own' && !canMount(), 'nothing can be mounted here');
      const looked = await answer(running(bundle, ['--where', where], look));
      expect(looked).toMatchObject({ names, wrong: [], user: process.getuid!() });
      if (where === 'own') expect(looked).toMatchObject({ changed: refused('EROFS') });
    },
  );

  test.for(PLACES)('of run, in the place %s, is the same for another user', async (where, { skip }) => {
    skip(!isRoot, 'only root gives it to another user');
    skip(where === 'own' && !canMount(), 'nothing can be mounted here');
    const user = '12345';
    const as = ['setpriv', '--reuid', user, '--regid', user, '--clear-groups', ...look];
    const looked = await answer(running(bundle, ['--where', where, '--owner', user], as));
    // The mode of a file that is there is looked at first.
    const changed = { ...refused(where === 'own' ? 'EROFS' : 'EACCES'), 'a file that is there': 'EACCES' };
    expect(looked).toEqual({ names, wrong: [], changed, user: Number(user) });
  });

  test('of load, in a tmpfs that is there, is the same', async () => {
    expect(await answer(loading(bundle, { where: 'existing' }, look))).toMatchObject({ names, wrong: [] });
  });

  test('of load, in a tmpfs of its own, has all but a path that can be resolved', async ({ skip }) => {
    skip(!canMount(), 'nothing can be mounted here');
    const looked = await answer(loading(bundle, { where: 'own' }, look));
    expect(looked).toMatchObject({ names, changed: refused('EROFS') });
    const { wrong } = looked as { wrong: string[] };
    expect(wrong.filter((what) => !what.endsWith(': is elsewhere'))).toEqual([]);
  });
});

describe.runIf(python)(`a sharded language model${leftOut}`, () => {
  const SHARD = 'model-00002-of-00003.safetensors';
  const sums = pythonic('safetensors_sums.py');
  let model = '';
  let bundle: Bundle;

  beforeAll(async () => {
    model = join(folder, 'tiny-llama');
    await answer([python!, made('make-llama.py'), model, join(folder, 'tiny-adapter')]);
    bundle = await sealDirectory(model, await mkdtemp(join(folder, 'bundle-')), key);
  });

  test.for(PLACES)('of which one shard is opened, in the place %s', async (where, { skip }) => {
    skip(where === 'own' && !canMount(), 'nothing can be mounted here');
    const flags = ['--only', 'model-00002*', '--where', where];
    const at = ['env', `WEIGHTSEAL_MODEL_PATH={model}/${SHARD}`];
    const expected = await answer(sums, { WEIGHTSEAL_MODEL_PATH: join(model, SHARD) });
    expect(await answer(running(bundle, flags, [...at, ...sums]))).toEqual(expected);
    expect(await answer(running(bundle, flags, pythonic('look.py')))).toMatchObject({ names: [SHARD] });
    const loaded = loading(bundle, { where, only: ['model-00002*'] }, pythonic('look.py'));
    expect(await answer(loaded)).toMatchObject({ names: [SHARD] });
  });

  test.for(PLACES)('is gone when it is copied, in the place %s', async (where, { skip }) => {
    skip(where === 'own' && !canMount(), 'nothing can be mounted here');
    const command = pythonic('llama.py', 'release');
    const flags = ['--release', 'on-ready', '--where', where, '--json'];
    const expected = await answer(command, { WEIGHTSEAL_MODEL_PATH: model });
    // It computes only when it finds no shard any more.
    const { answer: answered, stderr } = await answerAnd(running(bundle, flags, command));
    expect(answered).toEqual(expected);
    expect(reportIn(stderr)).toMatchObject({ released: 'wiped', left: [] });
  });
});

describe.runIf(python)(`all-MiniLM-L6-v2, by engines that map it,${leftOut}`, () => {
  const ENGINES = { onnxruntime: 'minilm-onnx', openvino: 'minilm-onnx', ir: 'minilm-openvino' };

  beforeAll(async () => {
    await makeMinilm();
  });

  test.for(
    Object.entries(ENGINES).flatMap(([engine, model]) => PLACES.map((where) => ({ engine, model, where }))),
  )('is theirs when the names are gone: $engine, in the place $where', async (one, { skip }) => {
    const { engine, model, where } = one;
    skip(where === 'own' && !canMount(), 'nothing can be mounted here');
    const command = pythonic('minilm_onnx.py', engine);
    const expected = await answer(command, { WEIGHTSEAL_MODEL_PATH: join(folder, model) });
    const sealed = await sealDirectory(join(folder, model), await mkdtemp(join(folder, 'bundle-')), key);
    const flags = ['--release', 'on-ready', '--where', where, '--json'];
    const { answer: answered, stderr } = await answerAnd(running(sealed, flags, command));
    expect(answered).toEqual(expected);
    expect(reportIn(stderr)).toMatchObject({ released: 'wiped', left: [] });
  });
});

describe.runIf(python)(`what OpenVINO has compiled${leftOut}`, () => {
  let bundle: Bundle;
  let expected: unknown;

  beforeAll(async () => {
    const model = await makeMinilm();
    bundle = await sealDirectory(model, await mkdtemp(join(folder, 'bundle-')), key);
    const plain = { WEIGHTSEAL_MODEL_PATH: model, XDG_CACHE_HOME: await mkdtemp(join(folder, 'cache-')) };
    expected = await answer(pythonic('minilm_onnx.py', 'ir', 'XDG_CACHE_HOME'), plain);
    expect(expected).toMatchObject({ cached: ['.blob'] });
  });

  test.for(PLACES)(
    'lies beside the model where it may, in the place %s, and goes with it',
    async (where, { skip }) => {
      skip(where === 'own' && !canMount(), 'nothing can be mounted here');
      const flags = ['--writable-beside', '--where', where, '--json'];
      const { answer: answered, stderr } = await answerAnd(
        running(bundle, flags, pythonic('minilm_onnx.py', 'ir', 'beside')),
      );
      expect(answered).toEqual(expected);
      expect(reportIn(stderr)).toMatchObject({ released: 'wiped', left: [] });
    },
  );

  test('cannot lie there where nothing was said', async ({ skip }) => {
    skip(!canMount(), 'nothing can be mounted here');
    const command = running(bundle, ['--where', 'own'], pythonic('minilm_onnx.py', 'ir', 'beside'));
    await expect(answer(command)).rejects.toThrow(/Read-only file system/);
  });

  test.for(PLACES)('lies in private memory with its caches, in the place %s', async (where, { skip }) => {
    skip(where === 'own' && !canMount(), 'nothing can be mounted here');
    const cache = await mkdtemp(join(folder, 'cache-'));
    const flags = ['--private-caches', '--where', where, '--json'];
    const { answer: answered, stderr } = await answerAnd(
      running(bundle, flags, pythonic('minilm_onnx.py', 'ir', 'XDG_CACHE_HOME')),
      { XDG_CACHE_HOME: cache },
    );
    expect(answered).toEqual(expected);
    expect(reportIn(stderr)).toMatchObject({ released: 'wiped', left: [] });
    expect(writtenIn(stderr, cache)).toEqual([]);
  });

  test('is told where it was kept outside of that all the same', async () => {
    const cache = await mkdtemp(join(folder, 'cache-'));
    const flags = ['--private-caches', '--keep-env', 'XDG_CACHE_HOME', '--json'];
    const { stderr } = await answerAnd(
      running(bundle, flags, pythonic('minilm_onnx.py', 'ir', 'XDG_CACHE_HOME')),
      { XDG_CACHE_HOME: cache },
    );
    // All of the weights, since what is compiled holds them.
    expect(writtenIn(stderr, cache)).toEqual([
      { path: expect.stringMatching(/\.blob$/), bytes: expect.toSatisfy((bytes) => bytes > 90_000_000) },
    ]);
  });
});

let making: Promise<string> | undefined;
/** As ONNX, and in OpenVINO's own format: that one's directory. */
function makeMinilm(): Promise<string> {
  making ??= (async () => {
    const [onnx, model] = [join(folder, 'minilm-onnx'), join(folder, 'minilm-openvino')] as const;
    await answer([python!, made('make-minilm-onnx.py'), onnx]);
    await answer([python!, made('make-openvino.py'), onnx, model]);
    return model;
  })();
  return making;
}

interface Report {
  readonly written: readonly { readonly path: string; readonly bytes: number }[];
}

/** What `--json` says when the command has ended, after what that said. */
function reportIn(stderr: string): Report {
  return JSON.parse(stderr.split('\n').findLast((line) => line.startsWith('{'))!);
}

function writtenIn(stderr: string, directory: string): Report['written'] {
  return reportIn(stderr).written.filter(({ path }) => path.startsWith(`${directory}/`));
}
