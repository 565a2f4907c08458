// A store of somebody else's, in one file: objects are files below a directory, each with its version beside it. What is promised is in object-store.ts of core; one process writes at a time.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const fail = (code, message) =>
  Object.assign(new Error(message), {
    code,
    class: /^STORE/.test(code) ? 'store' : 'io',
    failures: [],
    [Symbol.for('weightseal.error')]: true,
  });

class DirectoryStore {
  constructor(root, uri, hangs) {
    this.root = root;
    this.uri = uri;
    this.hangs = hangs;
  }

  async stat(key) {
    const path = join(this.root, key);
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) throw fail('INPUT_NOT_FOUND', `There is no ${this.uri}/${key}.`);
    const version = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
      .slice(0, 16);
    return { key, size: stats.size, version, modified: stats.mtime.toISOString() };
  }

  async read(key, { offset, length, version }) {
    const object = await this.stat(key);
    if (version !== undefined && version !== object.version)
      throw fail('INPUT_CHANGED', `${this.uri}/${key} was replaced.`);
    const file = await open(join(this.root, key));
    const bytes = Buffer.alloc(Math.min(length, object.size - offset));
    await file.read(bytes, 0, bytes.length, offset);
    await file.close();
    return {
      object,
      body: (async function* () {
        yield bytes;
      })(),
    };
  }

  async *list(prefix, { oneLevel }) {
    const names = await readdir(this.root, { recursive: true }).catch(() => []);
    const levels = new Set();
    for (const key of names.sort()) {
      if (!key.startsWith(prefix) || key.startsWith('.uploads')) continue;
      if (!(await stat(join(this.root, key))).isFile()) continue;
      const slash = oneLevel ? key.indexOf('/', prefix.length) : -1;
      const level = key.slice(0, slash + 1);
      if (slash < 0) yield await this.stat(key);
      else if (!levels.has(level)) yield { prefix: level };
      levels.add(level);
    }
  }

  async check(key, condition) {
    const there = await this.stat(key).catch(() => undefined);
    if (condition?.ifAbsent && there) throw fail('OUTPUT_EXISTS', `${this.uri}/${key} exists already.`);
    if (condition?.ifVersion !== undefined && there?.version !== condition.ifVersion)
      throw fail('INPUT_CHANGED', `${this.uri}/${key} is another by now.`);
  }

  async put(key, bytes, { condition }) {
    await this.check(key, condition);
    await mkdir(dirname(join(this.root, key)), { recursive: true });
    await writeFile(join(this.root, key), bytes);
    return await this.stat(key);
  }

  upload(key, { condition }) {
    const id = randomBytes(8).toString('hex');
    return this.uploadOf(key, join(this.root, '.uploads', id), condition);
  }

  async uploadOf(key, path, condition) {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'key'), key);
    const { hangs } = this;
    let parts = 0;
    return {
      ticket: basename(path),
      rules: { least: 1, most: 2 ** 30, multiple: 1, count: 10_000, anyOrder: true },
      part: async ({ index, bytes }, { signal }) => {
        if (hangs !== false && ++parts > hangs) {
          const aborted = new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason)),
          );
          await writeFile(join(path, 'hangs'), '');
          await aborted;
        }
        // A part is there when all of it is, whenever this is killed.
        const name = `part-${String(index).padStart(5, '0')}`;
        await writeFile(join(path, `new-${name}`), bytes);
        await rename(join(path, `new-${name}`), join(path, name));
      },
      complete: async () => {
        await this.check(key, condition);
        const parts = (await readdir(path)).filter((name) => name.startsWith('part-')).sort();
        const bytes = await Promise.all(parts.map((name) => readFile(join(path, name))));
        await mkdir(dirname(join(this.root, key)), { recursive: true });
        await writeFile(`${path}/whole`, Buffer.concat(bytes));
        await rename(`${path}/whole`, join(this.root, key));
        await rm(path, { recursive: true });
        return await this.stat(key);
      },
      abort: async () => rm(path, { recursive: true, force: true }),
    };
  }

  async resume(key, { ticket, size, partBytes, condition }) {
    const path = join(this.root, '.uploads', ticket);
    const names = /^[0-9a-f]{16}$/.test(ticket) ? await readdir(path).catch(() => []) : [];
    if (!names.includes('key'))
      throw fail('INPUT_NOT_FOUND', `There is no such upload of ${this.uri}/${key}.`);
    const taken = new Set();
    for (const name of names.filter((one) => one.startsWith('part-'))) {
      const index = Number(name.slice(5));
      const { size: length } = await stat(join(path, name));
      if (length === Math.min(partBytes, size - index * partBytes)) taken.add(index);
    }
    return { ...(await this.uploadOf(key, path, condition)), taken };
  }

  async *unfinished(prefix) {
    const uploads = join(this.root, '.uploads');
    for (const id of await readdir(uploads).catch(() => [])) {
      const path = join(uploads, id);
      const key = await readFile(join(path, 'key'), 'utf8');
      const started = (await stat(path)).birthtime.toISOString();
      if (key.startsWith(prefix)) yield { key, started, abort: async () => rm(path, { recursive: true }) };
    }
  }

  async remove(key) {
    await rm(join(this.root, key), { force: true });
  }

  async close() {}
}

export const provider = {
  scheme: 'dir',
  options: ['root', 'hangs'],
  /** `hangs`: so many parts of an upload arrive, and then no more. */
  fromUri(uri, { root = 'store', hangs = false }) {
    const [, bucket, key = ''] = /^dir:\/\/([a-z-]+)(?:\/(.*?)\/?)?$/.exec(uri) ?? [];
    if (bucket === undefined) throw fail('STORE_URI_INVALID', 'It is dir://BUCKET/KEY.');
    return { store: new DirectoryStore(join(root, bucket), `dir://${bucket}`, hangs), key };
  },
};
