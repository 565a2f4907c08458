import { chmod, copyFile, cp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  copySealed,
  inspect,
  type StoredAt,
  sealBundle,
  sealToFile,
  WeightsealError,
} from '@weightseal/core';
import { type AuditedObject, auditObjects, type ObjectAuditOptions } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../core/test/store/support/memory-store.js';
import { writeTree } from '../../../core/test/support/bundles.js';
import { MemoryKey } from '../../../core/test/support/memory-key.js';
import { pattern, refusal } from '../../../core/test/support/sealed.js';
import { temporary } from '../../../core/test/support/temporary.js';
import { safetensors, WEIGHTS } from './weights.js';

const temp = await temporary();
const keys = [new MemoryKey('a'), new MemoryKey('b')];
const MANIFEST = 'weightseal.manifest.json';
const SIGNATURE = 'weightseal.sig';

/** A file, a bundle, plain weights, and what is nothing of that. */
async function directory(): Promise<string> {
  const root = await temp.directory();
  await writeTree(root, [
    ['deep/er/plain.safetensors', Buffer.concat([safetensors(), Buffer.alloc(20_000)])],
    ['notes.txt', 'plain words, and some more of them'],
    ['small', 'x'],
  ]);
  const plain = await writeTree(await temp.directory(), [['w', pattern(10_000)]]);
  await sealBundle(plain, join(root, 'llama.sealed'), { keys });
  await sealToFile(join(plain, 'w'), join(root, 'm.sealed'), { keys: [keys[0]!] });
  return root;
}

const all = (at: StoredAt, options?: ObjectAuditOptions): Promise<AuditedObject[]> =>
  Array.fromAsync(auditObjects(at, options));
const short = (found: readonly AuditedObject[]) =>
  found.map(({ kind, path, findings }) =>
    [kind, path, ...findings.map(({ check, outcome }) => `${check} ${outcome}`)].join(' '),
  );
const signed = async (root: string, ...names: string[]) => {
  for (const name of names) await writeFile(join(root, name), '{"signature": "of somebody"}');
};

const UNSIGNED = 'objects/sealed-signature failed';
const FOUND = [
  'weights deep/er/plain.safetensors objects/plain-weights failed',
  `bundle llama.sealed ${UNSIGNED}`,
  `sealed m.sealed ${UNSIGNED}`,
  `release m.sealed.${MANIFEST}`,
  'other notes.txt',
  'other small',
];

describe('what lies in a directory', () => {
  it('is sealed, under these keys, or plain weights, or something else', async () => {
    const root = await directory();
    const found = await all(root);
    expect(short(found)).toEqual(FOUND);
    const of = (path: string) => found.find((one) => one.path === path)!;
    expect(of('llama.sealed').recipients).toMatchObject([
      { provider: 'memory', keyUri: 'memory:a', keyVersion: '1' },
      { keyUri: 'memory:b' },
    ]);
    expect(of('m.sealed').recipients).toEqual((await inspect(join(root, 'm.sealed'))).recipients);
    const plain = of('deep/er/plain.safetensors');
    expect(plain).toMatchObject({ format: 'safetensors', size: safetensors().length + 20_000 });
    expect(plain.findings).toEqual([
      {
        check: 'objects/plain-weights',
        resource: `${root}/deep/er/plain.safetensors`,
        outcome: 'failed',
        severity: 'high',
        evidence: `It begins like a model in safetensors, has ${plain.size} bytes, and is not sealed.`,
      },
    ]);
    expect(await all(pathToFileURL(root))).toEqual(found);
  });

  it('is what was named itself, too', async () => {
    const root = await directory();
    expect(short(await all(join(root, 'm.sealed')))).toEqual([`sealed  ${UNSIGNED}`]);
    expect(short(await all(join(root, 'llama.sealed')))).toEqual([`bundle  ${UNSIGNED}`]);
    expect((await all(join(root, 'm.sealed')))[0]!.findings[0]!.resource).toBe(join(root, 'm.sealed'));
    expect((await refusal(() => all(join(root, 'none')))).code).toBe('INPUT_NOT_FOUND');
  });

  it('is every format of weights', async () => {
    const root = await writeTree(
      await temp.directory(),
      WEIGHTS.map(([name, bytes]) => [name, bytes] as const),
    );
    const found = await all(root);
    expect(new Map(found.map(({ path, format }) => [path, format]))).toEqual(
      new Map(WEIGHTS.map(([name, , format]) => [name, format])),
    );
  });

  it('may be links', async () => {
    const root = await temp.directory();
    await writeTree(root, [['w.safetensors', safetensors()]]);
    await symlink('w.safetensors', join(root, 'linked'));
    await symlink('.', join(root, 'circle'));
    await symlink('nowhere', join(root, 'broken'));
    expect(short(await all(root)).map((one) => one.split(' ', 2).join(' '))).toEqual([
      'other broken',
      'other circle',
      'weights linked',
      'weights w.safetensors',
    ]);
  });

  it('is told of, where this user may not read it', async (context) => {
    if (process.getuid?.() === 0) context.skip('root reads everything');
    const root = await temp.directory();
    await writeTree(root, [['w.safetensors', safetensors()]]);
    await chmod(join(root, 'w.safetensors'), 0);
    expect(short(await all(root))).toEqual(['other w.safetensors objects/plain-weights unread']);
  });
});

describe('of what is sealed it is said', () => {
  it('that it has no manifest, or no signature, or one that nobody has verified', async () => {
    const root = await directory();
    await signed(root, `m.sealed.${SIGNATURE}`, `llama.sealed/${SIGNATURE}`);
    const unverified = 'objects/sealed-signature unread';
    expect(short(await all(root)).slice(1, 3)).toEqual([
      `bundle llama.sealed ${unverified}`,
      `sealed m.sealed ${unverified}`,
    ]);
    await unlink(join(root, `m.sealed.${MANIFEST}`));
    await unlink(join(root, `llama.sealed/${MANIFEST}`));
    const missing = 'objects/sealed-manifest failed';
    expect(short(await all(root)).slice(1, 3)).toEqual([
      `bundle llama.sealed ${missing}`,
      `sealed m.sealed ${missing}`,
    ]);
  });

  it.each([
    ['nothing', undefined, undefined],
    ['that a stranger signed it', 'SIGNER_UNTRUSTED', 'objects/sealed-signature failed'],
    ['that it is not of this release', 'MANIFEST_MISMATCH', 'objects/sealed-manifest failed'],
    ['that nobody could tell', 'STORE_UNAVAILABLE', 'objects/sealed-signature unread'],
  ] as const)('%s, as whoever verifies finds', async (_what, code, expected) => {
    const root = await directory();
    await signed(root, `m.sealed.${SIGNATURE}`, `llama.sealed/${SIGNATURE}`);
    const asked: StoredAt[] = [];
    const verify = async (at: StoredAt) => {
      asked.push(at);
      if (code) throw new WeightsealError(code, 'It is so.');
    };
    const found = await all(root, { verify });
    const expectation = (what: string) => [what, ...(expected ? [expected] : [])].join(' ');
    expect(short(found).slice(1, 3)).toEqual([
      expectation('bundle llama.sealed'),
      expectation('sealed m.sealed'),
    ]);
    expect(asked.toSorted()).toEqual([join(root, 'llama.sealed'), join(root, 'm.sealed')]);
  });

  it('that it is damaged', async () => {
    const root = await temp.directory();
    const whole = await readFile(join(await directory(), 'm.sealed'));
    const changed = Buffer.from(whole);
    changed[1000]! ^= 1;
    await writeTree(root, [
      ['changed', changed],
      ['cut', whole.subarray(0, whole.length - 100)],
    ]);
    await writeTree(root, [['bundle/weightseal.json', '{}']]);
    expect(short(await all(root))).toEqual([
      'bundle bundle objects/sealed-sound failed',
      'sealed changed objects/sealed-sound failed',
      'sealed cut objects/sealed-sound failed',
    ]);
  });

  it('that others can open it than should', async () => {
    const root = await directory();
    const found = await all(root, { keys: ['memory:a'] });
    expect(short(found)[1]).toBe(`bundle llama.sealed objects/sealed-keys failed ${UNSIGNED}`);
    expect(found[1]!.findings[0]!.evidence).toBe(
      'It can be opened with keys that are not expected: memory:b (version 1).',
    );
    expect(short(found)[2]).toBe(FOUND[2]);
    expect(short(await all(root, { keys: ['memory:a', 'memory:b'] }))).toEqual(FOUND);
  });
});

describe('what lies in a store', () => {
  async function store(): Promise<MemoryStore> {
    const made = new MemoryStore({ page: 3 });
    const root = await directory();
    for (const name of ['deep/er/plain.safetensors', 'llama.sealed', 'm.sealed', 'notes.txt', 'small'])
      await copySealed(join(root, name), { store: made, key: `top/${name}` }, { any: true });
    made.requests.length = 0;
    return made;
  }

  it('is the same, and of each object its head is read, of a plain one at most 4 KiB', async () => {
    const made = await store();
    expect(short(await all({ store: made, key: 'top' }))).toEqual(FOUND);
    const reads = made.requests.filter(({ method }) => method === 'read');
    const plain = reads.filter(({ key }) => /plain|notes|small/.test(key));
    expect(plain.reduce((most, { length = 0 }) => Math.max(most, length), 0)).toBe(4096);
    const sealed = reads.filter(({ key, length = 0 }) => key === 'top/m.sealed' && length > 8);
    expect(sealed.map(({ length }) => length)).toEqual([65_536]);
    expect(made.count('put') + made.count('remove') + made.count('upload') + made.count('abort')).toBe(0);
    expect(made.underWay).toBe(0);
  });

  it('is told of, where it cannot be read', async () => {
    const made = await store();
    made.fault = ({ method, key, length }) =>
      method === 'read' && (/plain/.test(key) || (key.endsWith('m.sealed') && length !== 8))
        ? { throws: new WeightsealError('STORE_DENIED', 'This identity may not do that.') }
        : undefined;
    expect(short(await all({ store: made, key: 'top' }))).toEqual([
      'other deep/er/plain.safetensors objects/plain-weights unread',
      FOUND[1],
      'sealed m.sealed objects/sealed-sound unread',
      ...FOUND.slice(3),
    ]);
  });

  it('may be gone by the time when it is looked at', async () => {
    const made = await store();
    made.fault = ({ method, key, length }) => {
      if (method === 'read' && length === 4096) made.objects.delete(key);
      return undefined;
    };
    expect(short(await all({ store: made, key: 'top' }))).toEqual(FOUND.slice(1, 4).concat(FOUND[5]!));
  });

  it('may be another by the time when it is looked at', async () => {
    const made = await store();
    const sealed = made.get('top/m.sealed')!;
    made.fault = ({ method, key, length }) => {
      if (method === 'read' && key.endsWith('plain.safetensors') && length === 4096) made.set(key, sealed);
      return undefined;
    };
    expect(short(await all({ store: made, key: 'top' }))[0]).toBe(
      'sealed deep/er/plain.safetensors objects/sealed-sound unread',
    );
  });

  it('may be uploads and bundles that nobody completes, none of which is touched', async () => {
    const made = await store();
    const call = { signal: new AbortController().signal };
    const [old, late, strange] = [
      await made.upload('top/old', {}, call),
      await made.upload('top/late', {}, call),
      await made.upload('top/strange', {}, call),
    ];
    Object.assign(late, { started: new Date().toISOString() });
    Object.assign(strange, { started: undefined });
    await made.upload('elsewhere', {}, call);
    made.set('top/begun/weightseal.sealing', Buffer.from('a mark of more than sixteen bytes'));
    const found = await all({ store: made, key: 'top' });
    expect(short(found).filter((one) => one.startsWith('upload'))).toEqual([
      'upload begun/weightseal.sealing objects/incomplete-uploads failed',
      'upload old objects/incomplete-uploads failed',
      'upload late',
      'upload strange objects/incomplete-uploads unread',
    ]);
    expect(found.at(-3)!.findings[0]!.resource).toBe('memory://bucket/top/old');
    expect(made.uploads.size).toBe(4);
    expect(made.count('abort')).toBe(0);
    expect(old).toBeDefined();
  });

  it('is not looked at further than the caller wants', async () => {
    const made = await store();
    for await (const one of auditObjects({ store: made, key: 'top' })) if (one.kind === 'bundle') break;
    expect(made.underWay).toBe(0);
    expect(made.count('unfinished')).toBe(0);
  });

  it('is not looked at further, once the caller aborts', async () => {
    const made = await store();
    const ending = new AbortController();
    const error = await refusal(async () => {
      for await (const _one of auditObjects({ store: made, key: 'top' }, { signal: ending.signal }))
        ending.abort();
    });
    expect(error.code).toBe('ABORTED');
    expect(made.underWay).toBe(0);
  });
});

describe('an audit goes on', () => {
  async function many(): Promise<{ root: string; store: MemoryStore }> {
    const root = await temp.directory();
    const names = ['a', 'a.b', 'a0', 'b/c', 'b/c/d', 'b-c', 'z'].filter((name) => name !== 'b/c');
    await writeTree(
      root,
      names.map((name) => [name, safetensors()] as const),
    );
    await cp(join(await directory(), 'llama.sealed'), join(root, 'm'), { recursive: true });
    await copyFile(join(root, 'a'), join(root, 'm.x'));
    const store = new MemoryStore();
    for (const name of [...names, 'm', 'm.x'])
      await copySealed(join(root, name), { store, key: name }, { any: true });
    return { root, store };
  }

  it('behind each cursor, in a directory and in a store', async () => {
    const { root, store } = await many();
    for (const at of [root, { store, key: '' }]) {
      const whole = await all(at);
      expect(whole).toHaveLength(8);
      for (const [index, { cursor }] of whole.entries())
        expect(short(await all(at, { after: cursor }))).toEqual(short(whole.slice(index + 1)));
      expect(short(await all(at, { after: '' }))).toEqual(short(whole));
    }
  });

  it('also where what the cursor is of has gone', async () => {
    const { root, store } = await many();
    for (const name of ['a.b', 'm']) {
      const whole = await all({ store, key: '' });
      const { cursor } = whole.find(({ path }) => path === name)!;
      const behind = short(await all({ store, key: '' }, { after: cursor }));
      for (const key of [...store.objects.keys()])
        if (key === name || key.startsWith(`${name}/`)) store.objects.delete(key);
      expect(short(await all({ store, key: '' }, { after: cursor }))).toEqual(behind);
      const here = short(await all(root, { after: name }));
      await rm(join(root, name), { recursive: true });
      expect(short(await all(root, { after: name }))).toEqual(here);
    }
  });
});

describe('what cannot be', () => {
  it.each([
    [{ sample: 0 }],
    [{ sample: 1.5 }],
    [{ sample: Number.NaN }],
    [{ sample: '1' }],
    [{ keys: 'memory:a' }],
    [{ verify: true }],
    [{ after: 1 }],
    [{ sampel: 1 }],
  ])('is refused: %j', async (options) => {
    expect((await refusal(() => all('.', options as never))).code).toBe('INVALID_ARGUMENT');
  });
});
