// Makes sealed files for test_reader.py, and says what the library says of others.
//   node make_sealed.mjs make DIR            seals into DIR, and writes DIR/made.json
//   node make_sealed.mjs judge LIST OUT      opens each { file, keyFiles, context } of LIST, as a file and as a stream
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

// '@weightseal/core' and '@weightseal/kms-local', as built here: docs/ is no workspace package and installs nothing.
const { openToFile, openToStream, reseal, rewrap, sealToFile, sealToStream } = await import(
  '../../packages/core/dist/index.js'
);
const { createLocalKey, createPassphraseKey, generateKeyFile } = await import(
  '../../packages/kms-local/dist/index.js'
);

const MIB = 1 << 20;
const SIZES = [0, 1, 100, MIB - 1, MIB, MIB + 1, 3 * MIB + 17];
const LENGTHS = [64, 4096, MIB, MIB + 32];
const CONTEXTS = [
  {},
  { model: 'llama', version: '7' },
  { '\ufb33': 'presentation form', '😀': 'astral', é: 'ü\u2028\u{10ffff}', a: '', A: '"\\/' },
];

/** Bytes that look random and are the same in every run. */
function bytes(size) {
  const blocks = [];
  for (let made = 0; made < size; made += 32)
    blocks.push(createHash('sha256').update(`${size}/${made}`).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

async function make(directory) {
  const at = (name) => join(directory, name);
  const made = [];
  await generateKeyFile(at('one.key'));
  await generateKeyFile(at('two.key'));
  const one = createLocalKey({ path: at('one.key') });
  const two = createLocalKey({ path: at('two.key') });
  const add = (file, size, context, keyFile = 'one.key', segmentLength = MIB + 32) =>
    made.push({ file, plain: `plain-${size}`, context, keyFile, segmentLength });
  for (const size of SIZES) await writeFile(at(`plain-${size}`), bytes(size));
  await writeFile(at('plain-300'), bytes(300));

  for (const [i, size] of SIZES.entries()) {
    for (const [j, segmentLength] of LENGTHS.entries()) {
      const file = `${size}-${segmentLength}.sealed`;
      const context = CONTEXTS[(i + j) % CONTEXTS.length];
      await sealToFile(at(`plain-${size}`), at(file), {
        keys: [one],
        context,
        segmentLength,
        digest: j !== 1,
      });
      add(file, size, context, 'one.key', segmentLength);
    }
  }

  // Two recipients; then one is taken out, and the payload's bytes stay.
  await sealToFile(at('plain-100'), at('both.sealed'), { keys: [one, two], context: CONTEXTS[2] });
  add('both.sealed', 100, CONTEXTS[2]);
  add('both.sealed', 100, CONTEXTS[2], 'two.key');
  await copyFile(at('both.sealed'), at('rewrapped.sealed'));
  await rewrap(at('rewrapped.sealed'), { keys: [one], remove: [`local:${at('one.key')}`] });
  add('rewrapped.sealed', 100, CONTEXTS[2], 'two.key');
  await sealToFile(at('plain-100'), at('added.sealed'), { keys: [one], context: CONTEXTS[1] });
  await rewrap(at('added.sealed'), { keys: [one], add: [two] });
  add('added.sealed', 100, CONTEXTS[1], 'two.key');
  const large = at(`${3 * MIB + 17}-4096.sealed`);
  await copyFile(large, at('resealed.sealed'));
  await reseal(at('resealed.sealed'), { keys: [one] });
  add('resealed.sealed', 3 * MIB + 17, made.find((m) => large.endsWith(m.file)).context, 'one.key', 4096);

  await one.rotate();
  await sealToFile(at('plain-1'), at('rotated.sealed'), { keys: [one], context: {} });
  add('rotated.sealed', 1, {});
  const plain = Readable.toWeb(createReadStream(at(`plain-${MIB + 1}`)));
  await writeFile(at('piped.sealed'), sealToStream(plain, { keys: [one], context: CONTEXTS[1] }));
  add('piped.sealed', MIB + 1, CONTEXTS[1]);

  const words = createPassphraseKey({ passphrase: Buffer.from('correct horse') });
  await sealToFile(at('plain-100'), at('words.sealed'), { keys: [words], context: CONTEXTS[2] });

  // What the mutations start from: five segments, the last one short, and one whose last segment is full.
  await sealToFile(at('plain-300'), at('base.sealed'), {
    keys: [one],
    context: CONTEXTS[1],
    segmentLength: 96,
  });
  await sealToFile(at('plain-300'), at('full.sealed'), {
    keys: [one],
    context: CONTEXTS[1],
    segmentLength: 92,
  });
  await writeFile(at('made.json'), JSON.stringify(made));
}

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** What a run gives: 'ok' and the SHA-256 of the plaintext, or the error's code. */
async function verdict(run) {
  try {
    return `ok ${sha256(await run())}`;
  } catch (error) {
    return error.code ?? String(error);
  }
}

async function judge(list, out) {
  const directory = await mkdtemp(`${out}-`);
  const verdicts = [];
  for (const [i, { file, keyFiles, context }] of JSON.parse(await readFile(list, 'utf8')).entries()) {
    const options = { keys: keyFiles.map((path) => createLocalKey({ path })), context };
    const plain = join(directory, String(i));
    verdicts.push({
      file: await verdict(() => openToFile(file, plain, options).then(() => readFile(plain))),
      stream: await verdict(() => buffer(openToStream(Readable.toWeb(createReadStream(file)), options))),
    });
  }
  await rm(directory, { recursive: true });
  await writeFile(out, JSON.stringify(verdicts));
}

const [command, ...rest] = process.argv.slice(2);
await { make, judge }[command](...rest);
