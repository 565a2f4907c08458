// Runs what the documents show as a reader would type it, on the oldest Node that we support: the README's examples in one shell and one empty directory with a
// model in it, the other documents' programs each in a directory of its own. S3 is a server of our own, made for tests; what needs another cloud is only parsed.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { installNode } from './node-binaries.mjs';

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...globSync(['packages/*/README.md', 'docs/**/*.md'])];
/** Documents all of whose programs run here, and the sealed files that these find, also in a bucket; of a directory where a slash says so. */
const RUN = {
  'packages/core/README.md': [],
  'packages/config/README.md': [],
  'packages/keys/README.md': [],
  'packages/kms-local/README.md': [],
  'packages/loader/README.md': ['model.onnx.sealed', 'llama.sealed/', 's3://models/llama-3/'],
  'docs/configuration.md': [],
  'docs/loading.md': ['model.onnx.sealed', 'model.safetensors.sealed', 'llama.sealed/'],
  'docs/operations.md': ['llama.safetensors.sealed'],
};
const CONFIG =
  'keys: { mine: local:model.key }\nrecipients: [{ keys: [mine], context: { model: true } }]\nopen: [mine]\n';

const root = mkdtempSync(join(tmpdir(), 'weightseal-readme-'));
const bin = join(root, 'bin');
const node = installNode('22');
// What is trusted, and what is cached, is not for the home of whoever runs this.
const env = {
  ...process.env,
  HOME: join(root, 'home'),
  XDG_STATE_HOME: '',
  XDG_CACHE_HOME: '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'of-a-test-run',
  AWS_SECRET_ACCESS_KEY: 'secret-of-a-test-run',
  WEIGHTSEAL_PASSPHRASE: 'correct horse',
  PATH: `${bin}${delimiter}${process.env.PATH}`,
};

/** A document's blocks in these languages. What goes to other places on the machine stays in the directory here. */
function blocksOf(document, languages) {
  const blocks = readFileSync(document, 'utf8').matchAll(
    new RegExp(`^\`\`\`(${languages.join('|')})\\n([\\s\\S]*?)^\`\`\``, 'gm'),
  );
  return [...blocks].map(([, language, code]) => ({
    language,
    text: code.replaceAll('/dev/shm/', './opened-').replaceAll('/etc/weightseal/', './'),
  }));
}

function directoryFor(name) {
  const directory = join(root, name.replaceAll('/', '-'));
  mkdirSync(directory);
  symlinkSync(resolve('packages/cli/node_modules'), join(directory, 'node_modules'));
  return directory;
}

/** An empty bucket `models`, in a process of its own, since others are waited for here. */
async function startS3() {
  const script = join(root, 'fake-s3.mjs');
  await build({
    stdin: {
      contents: `import { FakeS3 } from './server.js';\nconsole.log((await FakeS3.start('models')).url);`,
      resolveDir: 'packages/store-s3/test/fake',
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: script,
  });
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(child.stdout, 'data');
  return { variables: { AWS_ENDPOINT_URL_S3: String(url).trim() }, stop: () => child.kill() };
}

function run(directory, file, args, variables) {
  execFileSync(file, args, {
    cwd: directory,
    env: { ...env, ...variables },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function runReadme() {
  const directory = directoryFor('README');
  writeFileSync(join(directory, 'model.safetensors'), new Uint8Array(100_000).fill(7));
  mkdirSync(join(directory, 'llama'));
  writeFileSync(join(directory, 'llama', 'config.json'), '{}');
  writeFileSync(join(directory, 'llama', 'model.safetensors'), new Uint8Array(100_000).fill(8));
  const blocks = blocksOf('README.md', ['sh', 'js', 'yaml']);
  const s3 = await startS3();
  try {
    runBlocks(directory, blocks, s3.variables);
  } finally {
    s3.stop();
  }
  console.log(`README: ${blocks.length} examples ran`);
}

function runBlocks(directory, blocks, variables) {
  for (const { language, text } of blocks) {
    console.log(`README: ${text.trim().split('\n')[0]} …`);
    const [, file] = /^# (\S+\.yaml)$/m.exec(text) ?? [];
    if (language === 'yaml') writeFileSync(join(directory, file), text);
    else if (language === 'sh') run(directory, 'bash', ['-euo', 'pipefail', '-c', text], variables);
    else {
      writeFileSync(join(directory, 'example.mjs'), text);
      run(directory, node, ['example.mjs'], variables);
    }
  }
}

const TENSORS = ['model.layers.0.mlp.up_proj.weight', 'lm_head.weight'];

/** A model of one tensor. */
function safetensors(name = TENSORS[0]) {
  const shape = [2048, 8];
  const bytes = 4 * shape[0] * shape[1];
  const header = JSON.stringify({
    [name]: { dtype: 'F32', shape, data_offsets: [0, bytes] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(bytes)]);
}

/** A model in shards, one for each tensor, and their index. */
function writeSharded(directory) {
  const shards = TENSORS.map((tensor, index) => [tensor, `model-0000${index + 1}-of-00004.safetensors`]);
  mkdirSync(directory);
  writeFileSync(join(directory, 'config.json'), '{}');
  for (const [tensor, shard] of shards) writeFileSync(join(directory, shard), safetensors(tensor));
  const index = { metadata: {}, weight_map: Object.fromEntries(shards) };
  writeFileSync(join(directory, 'model.safetensors.index.json'), JSON.stringify(index));
}

/** Serves a directory's files by ranges, as a store does. */
async function serve(directory) {
  const server = createServer((request, response) => {
    const file = join(directory, request.url);
    const { size } = statSync(file);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [undefined, 0, size - 1];
    const part = readFileSync(file).subarray(Number(from), Number(to) + 1);
    response.writeHead(request.headers.range ? 206 : 200, { 'content-length': part.length });
    response.end(request.method === 'HEAD' ? undefined : part);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

function seal(directory, name, variables) {
  const input = name.endsWith('/') ? 'llama' : 'model.safetensors';
  const context = ['--context', 'model=llama', '--context', 'version=3'];
  const key = ['--key', 'local:model.key', '--quiet'];
  run(directory, 'weightseal', ['seal', input, '-o', name.replace(/\/$/, ''), ...key, ...context], variables);
}

async function runDocument(document, sealed) {
  for (const [index, { text }] of blocksOf(document, ['js']).entries()) {
    const directory = directoryFor(`${document}-${index}`);
    writeFileSync(join(directory, 'model.safetensors'), safetensors());
    writeSharded(join(directory, 'llama'));
    writeFileSync(join(directory, 'weightseal.config.yaml'), CONFIG);
    run(directory, 'weightseal', ['keygen', 'model.key', '--quiet']);
    const server = await serve(directory);
    const s3 = await startS3();
    try {
      const variables = { ...s3.variables, WEIGHTSEAL_CONFIG: 'weightseal.config.yaml' };
      for (const name of sealed) seal(directory, name, variables);
      const { port } = server.address();
      writeFileSync(join(directory, 'example.mjs'), text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`));
      const options = { cwd: directory, env: { ...env, ...variables } };
      await promisify(execFile)(node, ['example.mjs'], options);
    } finally {
      server.close();
      s3.stop();
    }
    console.log(`${document}: example ${index + 1} ran`);
  }
}

function parse(document) {
  for (const [index, { language, text }] of blocksOf(document, ['js', 'ts']).entries()) {
    const file = join(root, `${document.replaceAll('/', '-')}-${index}.mjs`);
    // What is TypeScript must be JavaScript of that Node when its types are taken away.
    writeFileSync(file, language === 'ts' ? stripTypeScriptTypes(text) : text);
    run(root, node, ['--check', file]);
  }
}

try {
  mkdirSync(env.HOME);
  mkdirSync(bin);
  const command = join(bin, 'weightseal');
  writeFileSync(
    command,
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('packages/cli/dist/bin.js')}' "$@"\n`,
  );
  chmodSync(command, 0o755);
  for (const document of DOCUMENTS) {
    parse(document);
  }
  console.log(`documents: the programs of ${DOCUMENTS.length} are JavaScript of Node 22`);
  await runReadme();
  for (const [document, sealed] of Object.entries(RUN)) await runDocument(document, sealed);
} finally {
  rmSync(root, { recursive: true });
}
