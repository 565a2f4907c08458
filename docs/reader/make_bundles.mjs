// Makes bundles for test_reader.py, and says what the library says of others.
//   node make_bundles.mjs make LIST OUT      seals each { from, to, keyFile, options } of LIST
//   node make_bundles.mjs rewrap LIST OUT    takes the key out of each { bundle, keyFile, newKeyFile } of LIST, and the new one in
//   node make_bundles.mjs judge LIST OUT     opens each { directory, keyFiles, context, allowExtra } of LIST, and shows it without a key
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

// '@weightseal/core' and '@weightseal/kms-local', as built here: docs/ is no workspace package and installs nothing.
const { inspectBundle, openBundle, rewrapBundle, sealBundle } = await import(
  '../../packages/core/dist/index.js'
);
const { createLocalKey } = await import('../../packages/kms-local/dist/index.js');

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

async function make(list, out) {
  for (const { from, to, keyFile, options } of list)
    await sealBundle(from, to, { ...options, keys: [createLocalKey({ path: keyFile })] });
  await writeFile(out, '[]');
}

async function rewrap(list, out) {
  for (const { bundle, keyFile, newKeyFile } of list) {
    const [old, key] = [keyFile, newKeyFile].map((path) => createLocalKey({ path }));
    await rewrapBundle(bundle, { keys: [old], add: [key], remove: [old.uri] });
  }
  await writeFile(out, '[]');
}

/** A digest of all that stands in a directory, as bundle_verdict.py computes it. */
async function digestOf(directory) {
  const lines = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const at = join(entry.parentPath, entry.name);
    const path = relative(directory, at);
    if (entry.isSymbolicLink()) lines.push(`link ${path} ${await readlink(at)}`);
    else if (entry.isDirectory()) lines.push(`directory ${path}`);
    else {
      const kind = (await stat(at)).mode & 0o100 ? 'program' : 'file';
      lines.push(`${kind} ${path} ${sha256(await readFile(at))}`);
    }
  }
  const utf8 = (text) => Buffer.from(text);
  return sha256(lines.sort((a, b) => Buffer.compare(utf8(a), utf8(b))).join('\n'));
}

async function verdict(run) {
  try {
    return await run();
  } catch (error) {
    return error.code ?? String(error);
  }
}

async function judge(list, out) {
  const verdicts = [];
  const place = await mkdtemp(`${out}-`);
  for (const [i, { directory, keyFiles, context, allowExtra }] of list.entries()) {
    const to = join(place, String(i));
    const keys = keyFiles.map((path) => createLocalKey({ path }));
    const opened = await verdict(async () => {
      const bundle = await openBundle(directory, { keys, context, allowExtra });
      await bundle.openTo(to).finally(() => bundle.close());
      return `ok ${await digestOf(to)}`;
    });
    await rm(to, { recursive: true, force: true });
    verdicts.push({ opened, shown: await verdict(() => inspectBundle(directory).then(() => 'ok')) });
  }
  await rm(place, { recursive: true });
  await writeFile(out, JSON.stringify(verdicts));
}

const [command, list, out] = process.argv.slice(2);
await { make, rewrap, judge }[command](JSON.parse(await readFile(list, 'utf8')), out);
