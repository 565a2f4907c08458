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
import {
  type AuditedObject,
  auditObjects,
  type ObjectAuditOptions,
  ObjectTally,
} from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../core/test/store/support/memory-store.js';
import { writeTree } from '../../../core/test/support/bundles.js';
import { MemoryKey } from '../../../core/test/support/memory-key.js';
import { pattern, refusal } from '../../../core/test/support/sealed.js';
import { temporary } from '../../../core/test/support/temporary.js';
import { OTHERS, safetensors, WEIGHTS, WRAPPED, zip } from './weights.js';

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
    // Whoever takes the manifest away too gains nothing by it.
    const missing = 'objects/sealed-manifest failed objects/sealed-signature failed';
    const expected = [
      `bundle llama.sealed ${missing} objects/plain-weights unread`,
      `sealed m.sealed ${missing}`,
    ];
    expect(short(await all(root)).slice(1, 3)).toEqual(expected);
    await unlink(join(root, `m.sealed.${SIGNATURE}`));
    await unlink(join(root, `llama.sealed/${SIGNATURE}`));
    const found = await all(root);
    expect(short(found).slice(1, 3)).toEqual(expected);
    const worst = found[1]!.findings.find(({ check }) => check === 'objects/sealed-signature')!;
    expect(worst.severity).toBe('medium');
    const tally = new ObjectTally(root);
    for (const one of found) tally.add(one);
    const told = tally.findings().filter(({ check }) => check === 'objects/sealed-signature');
    expect(told.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
  });

  it('that its manifest is none, or of something else', async () => {
    const root = await directory();
    await signed(root, `llama.sealed/${SIGNATURE}`);
    await writeFile(join(root, 'llama.sealed', MANIFEST), '{}');
    const verify = () => Promise.reject(new Error('nobody asks'));
    const [bundle] = await all(join(root, 'llama.sealed'), { verify });
    expect(short([bundle!])).toEqual([
      'bundle  objects/sealed-manifest failed objects/sealed-signature failed objects/plain-weights unread',
    ]);
    expect(bundle!.findings[0]!.evidence).toContain('(MANIFEST_INVALID)');
  });

  it.each([
    ['nothing', undefined, undefined],
    ['that a stranger signed it', 'SIGNER_UNTRUSTED', 'objects/sealed-signature failed'],
    [
      'that it is not of this release',
      'MANIFEST_MISMATCH',
      'objects/sealed-manifest failed objects/sealed-signature failed',
    ],
    ['that its bytes are others', 'MEMBER_TAMPERED', 'objects/sealed-signature failed'],
    ['that there is more', 'MEMBER_EXTRA', 'objects/sealed-signature failed'],
    ['that its end is missing', 'PAYLOAD_TRUNCATED', 'objects/sealed-signature failed'],
    ['that the keys of signers are not there', 'INPUT_NOT_FOUND', 'objects/sealed-signature unread'],
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
      'bundle bundle objects/sealed-sound failed objects/plain-weights unread',
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

describe('in a bundle', () => {
  const PLAIN = 'objects/plain-weights';
  const strangers = async (root: string, of = 'llama.sealed') => {
    const found = (await all(root)).find(({ path }) => path === of)!;
    return found.findings
      .filter(({ check }) => check === PLAIN)
      .map(({ resource, outcome }) => [resource.slice(root.length + 1), outcome]);
  };

  it('plain weights that are none of its files are found, and what else is not its own', async () => {
    const root = await directory();
    const bundle = join(root, 'llama.sealed');
    await writeTree(bundle, [
      ['w.safetensors', safetensors()],
      ['deep/er/model.gguf', Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), Buffer.alloc(64)])],
      ['notes.txt', 'plain words, and some more of them'],
      ['small', 'x'],
    ]);
    await copyFile(join(root, 'm.sealed'), join(bundle, 'another.sealed'));
    expect(await strangers(root)).toEqual([
      ['llama.sealed/another.sealed', 'unread'],
      ['llama.sealed/deep/er/model.gguf', 'failed'],
      ['llama.sealed/notes.txt', 'unread'],
      ['llama.sealed/small', 'unread'],
      ['llama.sealed/w.safetensors', 'failed'],
    ]);
    const tally = new ObjectTally(root);
    for (const one of await all(root)) tally.add(one);
    const told = tally.findings().filter(({ check, outcome }) => check === PLAIN && outcome === 'failed');
    expect(told).toHaveLength(3);
  });

  it('in a store, where a prefix that somebody made is none', async () => {
    const root = await directory();
    const store = new MemoryStore();
    await copySealed(join(root, 'llama.sealed'), { store, key: 'top/b' });
    store.set('top/b/folder/', new Uint8Array());
    const told = async () => short(await all({ store, key: 'top' }));
    expect(await told()).toEqual([`bundle b ${UNSIGNED}`]);
    store.set('top/b/deep/w.safetensors', safetensors());
    const [bundle] = await all({ store, key: 'top' });
    expect(bundle!.findings[0]).toMatchObject({
      check: PLAIN,
      outcome: 'failed',
      resource: 'memory://bucket/top/b/deep/w.safetensors',
    });
  });

  it('what only looks like a folder is looked at, and what cannot be found is unread', async () => {
    const root = await directory();
    const store = new MemoryStore();
    await copySealed(join(root, 'llama.sealed'), { store, key: 'top/b' });
    store.set('top/b/x/', safetensors());
    store.set('top/b/gone', Buffer.alloc(100));
    store.fault = ({ method, key }) => {
      if (method === 'read' && key === 'top/b/gone') store.objects.delete(key);
      return undefined;
    };
    const [bundle] = await all({ store, key: 'top' });
    const plain = bundle!.findings.filter(({ check }) => check === PLAIN);
    expect(plain.map(({ resource, outcome }) => [resource, outcome])).toEqual([
      ['memory://bucket/top/b/gone', 'unread'],
      ['memory://bucket/top/b/x/', 'failed'],
    ]);
  });

  it('that nobody may list is unread, and its signature is looked at all the same', async () => {
    const root = await directory();
    const store = new MemoryStore();
    await copySealed(join(root, 'llama.sealed'), { store, key: 'top/b' });
    let listed = 0;
    store.fault = ({ method, key }) =>
      method === 'list' && key.startsWith('top/b/') && ++listed > 1
        ? { throws: new WeightsealError('STORE_DENIED', 'This identity may not do that.') }
        : undefined;
    expect(short(await all({ store, key: 'top' }))).toEqual([`bundle b ${PLAIN} unread ${UNSIGNED}`]);
  });

  it('one in the place of another is found by its length', async () => {
    const root = await directory();
    const manifest = JSON.parse(await readFile(join(root, 'llama.sealed', MANIFEST), 'utf8'));
    const { path } = manifest.files.find((file: { path: string }) => !file.path.startsWith('weightseal.'));
    await writeFile(join(root, 'llama.sealed', path), safetensors());
    expect(await strangers(root)).toEqual([[`llama.sealed/${path}`, 'failed']]);
  });

  it('a hundred are looked at, and the others counted', async () => {
    const root = await directory();
    const many = Array.from(
      { length: 130 },
      (_, index) => [`x/${index}.safetensors`, safetensors()] as const,
    );
    await writeTree(join(root, 'llama.sealed'), many);
    const found = (await all(join(root, 'llama.sealed')))[0]!.findings;
    expect(found.filter(({ outcome, check }) => check === PLAIN && outcome === 'failed')).toHaveLength(100);
    expect(found.find(({ check, outcome }) => check === PLAIN && outcome === 'unread')!.evidence).toContain(
      'In the bundle lie 30 more files',
    );
  });
});

describe('what could be weights is not passed over', () => {
  it('by what is around it, or by its name', async () => {
    const root = await temp.directory();
    await writeTree(
      root,
      WRAPPED.map(([name, bytes]) => [name, bytes] as const),
    );
    const found = await all(root);
    for (const one of found) expect(short([one])).toEqual([`other ${one.path} objects/plain-weights unread`]);
    expect(found).toHaveLength(WRAPPED.length);
    expect(found.find(({ path }) => path === 'a.zip')!.findings[0]!.evidence).toBe(
      'It could be weights: it is a zip that holds "m.safetensors", and what is within was not seen. Look into it, or seal it.',
    );
  });

  it('and what is something else is', async () => {
    const root = await temp.directory();
    const others = OTHERS.filter(([name]) => name !== 'cut.safetensors');
    await writeTree(root, [...others, ['text', 'x^2 + y^2 = z^2 and more of it']]);
    for (const one of await all(root)) expect(short([one])).toEqual([`other ${one.path}`]);
  });

  it('also where its name says that it is of a release', async () => {
    const long = Buffer.concat([safetensors(), Buffer.alloc(70_000)]);
    const gzip = Buffer.concat([Buffer.from('1f8b08', 'hex'), Buffer.alloc(70_000)]);
    const root = await writeTree(await temp.directory(), [
      [`a.${SIGNATURE}`, long],
      [`b.${MANIFEST}`, long],
      ['c/weightseal.sealing', long],
      [`d.${SIGNATURE}`, gzip],
      [`e.${MANIFEST}`, `{${' '.repeat(70_000)}}`],
      [`f.${SIGNATURE}`, '{"signature": "of somebody"}'],
    ]);
    expect(short(await all(root))).toEqual([
      `weights a.${SIGNATURE} objects/plain-weights failed`,
      `weights b.${MANIFEST} objects/plain-weights failed`,
      'weights c/weightseal.sealing objects/plain-weights failed',
      `release d.${SIGNATURE} objects/plain-weights unread`,
      `release e.${MANIFEST}`,
      `release f.${SIGNATURE}`,
    ]);
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
      if (method === 'read' && length === 4096 && /plain|notes/.test(key)) made.objects.delete(key);
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

  it('is told of by the first uploads only, where there are very many', async () => {
    const made = new MemoryStore();
    let listed = 0;
    made.unfinished = async function* () {
      for (; ; listed++)
        yield {
          key: `a/${listed}`,
          started: '2020-01-01T00:00:00Z',
          abort: () => Promise.reject(new Error('no')),
        };
    };
    const found = await all({ store: made, key: '' });
    expect(listed).toBeLessThanOrEqual(10_001);
    expect(found).toHaveLength(10_001);
    expect(found.at(-1)).toMatchObject({
      kind: 'upload',
      findings: [{ outcome: 'unread', resource: 'memory://bucket' }],
    });
    expect(found.at(-1)!.findings[0]!.evidence).toContain('more than 10000 uploads');
  });

  it('names nothing that acts on a terminal', async () => {
    const made = new MemoryStore();
    made.unfinished = async function* () {
      yield { key: 'a', started: '\u001b[2J 1 Jan 2020 (\u202e)', abort: () => Promise.resolve() };
    };
    const zipped = zip('\u001b[2J\n.gguf');
    made.set('b', zipped);
    const evidence = (await all({ store: made, key: '' })).flatMap(({ findings }) =>
      findings.map((finding) => finding.evidence),
    );
    expect(evidence).toHaveLength(2);
    for (const one of evidence) expect(one).not.toMatch(/[\p{Cc}\p{Cf}]/u);
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
