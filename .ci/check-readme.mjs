// Runs what the documents show as a reader would type it, on the oldest Node that we support: the README's examples in one shell and one empty directory with a
// model in it, the other documents' programs each in a directory of its own. What needs a cloud is only parsed.
import { execFile, execFileSync } from 'node:child_process';
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
import { installNode } from './node-binaries.mjs';

const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...globSync(['packages/*/README.md', 'docs/**/*.md'])];
/** Documents all of whose programs run here, and the sealed files that these find; of a directory where a slash says so. */
const RUN = {
  'packages/core/README.md': [],
  'packages/config/README.md': [],
  'packages/keys/README.md': [],
  'packages/kms-local/README.md': [],
  'packages/loader/README.md': ['model.onnx.sealed', 'llama.sealed/'],
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

function run(directory, file, args) {
  execFileSync(file, args, { cwd: directory, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

function runReadme() {
  const directory = directoryFor('README');
  writeFileSync(join(directory, 'model.safetensors'), new Uint8Array(100_000).fill(7));
  mkdirSync(join(directory, 'llama'));
  writeFileSync(join(directory, 'llama', 'config.json'), '{}');
  writeFileSync(join(directory, 'llama', 'model.safetensors'), new Uint8Array(100_000).fill(8));
  const blocks = blocksOf('README.md', ['sh', 'js', 'yaml']);
  for (const { language, text } of blocks) {
    console.log(`README: ${text.trim().split('\n')[0]} …`);
    const [, file] = /^# (\S+\.yaml)$/m.exec(text) ?? [];
    if (language === 'yaml') writeFileSync(join(directory, file), text);
    else if (language === 'sh') run(directory, 'bash', ['-euo', 'pipefail', '-c', text]);
    else {
      writeFileSync(join(directory, 'example.mjs'), text);
      run(directory, node, ['example.mjs']);
    }
  }
  console.log(`README: ${blocks.length} examples ran`);
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

async function runDocument(document, sealed) {
  for (const [index, { text }] of blocksOf(document, ['js']).entries()) {
    const directory = directoryFor(`${document}-${index}`);
    writeFileSync(join(directory, 'model.safetensors'), safetensors());
    writeSharded(join(directory, 'llama'));
    writeFileSync(join(directory, 'weightseal.config.yaml'), CONFIG);
    run(directory, 'weightseal', ['keygen', 'model.key', '--quiet']);
    const context = ['--context', 'model=llama', '--context', 'version=3'];
    for (const name of sealed)
      run(directory, 'weightseal', [
        'seal',
        name.endsWith('/') ? 'llama' : 'model.safetensors',
        '-o',
        name.replace(/\/$/, ''),
        '--key',
        'local:model.key',
        '--quiet',
        ...context,
      ]);
    const server = await serve(directory);
    try {
      const { port } = server.address();
      writeFileSync(join(directory, 'example.mjs'), text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`));
      const options = { cwd: directory, env: { ...env, WEIGHTSEAL_CONFIG: 'weightseal.config.yaml' } };
      await promisify(execFile)(node, ['example.mjs'], options);
    } finally {
      server.close();
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
  runReadme();
  for (const [document, sealed] of Object.entries(RUN)) await runDocument(document, sealed);
} finally {
  rmSync(root, { recursive: true });
}
