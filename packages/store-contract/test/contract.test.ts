import { objectStoreContract } from '@weightseal/store-contract';
import { describe, expect, it, vi } from 'vitest';
import { type Flaw, memorySubject, newMemory } from './memory-store.js';
import { failed, type Outcome, record } from './recorder.js';

vi.setConfig({ maxConcurrency: 100 });

const memory = newMemory();
let cases = 0;

// The positive control, with the real runner: the flaws below are flaws of this very store.
objectStoreContract(
  { describe, it },
  {
    name: 'the sound store in memory',
    setup: async () => memorySubject(memory, `of-case/${cases++}`),
    many: true,
  },
);

/** Runs only the cases that are to find it. */
const run = (flaw: Flaw, titles: RegExp): Promise<readonly Outcome[]> => {
  const flawed = newMemory();
  let prefix = 0;
  return record(
    ({ describe: group, it: add }) =>
      objectStoreContract(
        { describe: group, it: (title, body) => titles.test(title) && add(title, body) },
        {
          name: flaw,
          setup: async () => memorySubject(flawed, `of-case/${prefix++}`, flaw),
          patienceMs: 4000,
          many: flaw === 'ends a list after a page',
        },
      ),
    'in order',
  );
};

/** Cases that find the flaw; others may, too. */
const caught: Readonly<Record<Flaw, RegExp>> = {
  'shows credentials in its URI': /^its URI/,
  'cuts ranges at their end': /^what is read is the range/,
  'ignores the offset': /^what is read is the range/,
  'ignores the version': /^an object that was replaced is INPUT_CHANGED/,
  'keeps its version name': /^other bytes under the same key/,
  'fails beyond the end': /^a range beyond the end/,
  'fails for an empty object': /^an empty object/,
  'takes a prefix for an object': /^what is not there/,
  'gives all in one piece': /^bytes come in pieces/,
  'decodes keys': /percent signs/,
  'takes plus for a space': /percent signs, plus/,
  'normalises keys': /beyond ASCII, two forms/,
  'folds case': /upper and lower case/,
  'cuts long keys': /1,024 bytes/,
  'keeps what it is given': /^it takes a part of a larger buffer/,
  'ignores ifAbsent': /^put where nothing is/,
  'ignores ifVersion': /^put in place of a version/,
  'looks before it writes': /^of 8 puts at once/,
  'shows an upload before its end': /^an object stays as it is/,
  'orders parts as they come': /^parts come in any order/,
  'adds a part sent again': /^a part that is sent again/,
  'leaves what is given up': /^what is given up/,
  'ignores the condition of an upload': /^an upload where nothing is/,
  'copies whatever is there': /^an object that was replaced is not copied/,
  'copies from the beginning': /^ranges of an object in the store/,
  'forgets uploads': /^uploads that were begun/,
  'resumes any upload': /^a ticket is of one object/,
  'tells of parts that are not there': /^an upload that was cut off/,
  'tells of no parts': /^an upload that was cut off/,
  'forgets parts when it goes on': /^an upload that was cut off/,
  'copies no parts when it goes on': /^an upload that was cut off/,
  'forgets the condition when it goes on': /^the condition of an upload that goes on/,
  'finds uploads that have ended': /^what is complete or given up is not unfinished/,
  'fails where nothing is to be removed': /^what is removed is gone/,
  'removes by prefix': /^what is removed is gone/,
  'removes any version': /^a version is removed/,
  'lists in the order of writing': /^all that is below a prefix/,
  'lists in the order of UTF-16': /^beyond ASCII, too/,
  'ends a list after a page': /^a list goes on/,
  'takes a prefix for a directory': /^a prefix is the beginning/,
  'has no levels': /^one level/,
  'ignores a fired signal': /^a signal that has fired/,
  'ignores a signal in a body': /^a signal that fires in the middle/,
  'drops the reason': /^a signal that has fired/,
  'throws plain errors': /^what is not there/,
  'tells denied from missing by nothing': /^a bucket that does not exist/,
  'leaks its secret in a message': /^nothing of the credentials/,
  'leaks its secret in a cause': /^nothing of the credentials/,
};

describe.concurrent('the contract finds a store that', () => {
  it.each(Object.entries(caught) as [Flaw, RegExp][])('%s', async (flaw, title) => {
    const outcomes = await run(flaw, title);
    expect(outcomes.length).toBeGreaterThan(0);
    expect(failed(outcomes)).not.toEqual([]);
  });
});

describe('a capability', () => {
  const bare = async () => ({ store: memorySubject(newMemory(), 'x').store, prefix: 'x' });

  it.each(['denied', 'missing', 'unavailable', 'silent', 'secrets'] as const)(
    'that is neither supplied nor declared missing fails: %s',
    async (capability) => {
      const outcomes = await record((runner) => objectStoreContract(runner, { name: 'bare', setup: bare }));
      expect(outcomes.map(({ message }) => message)).toContainEqual(
        `setup() supplies no ${capability}; supply it, or give the reason in without.${capability}`,
      );
    },
  );

  it('that is declared missing is skipped, with its reason in the title', async () => {
    const without = { silent: 'it is in memory', many: 'of no use' };
    const outcomes = await record((runner) =>
      objectStoreContract(runner, { name: 'bare', setup: bare, without }),
    );
    const skipped = outcomes.filter(({ state }) => state === 'skipped').map(({ title }) => title);
    expect(skipped).toEqual([
      'a list goes on over its pages (skipped, no many: of no use)',
      'a signal that fires while the store does not answer ends every call at once (skipped, no silent: it is in memory)',
    ]);
  });

  it('of methods that the store has not is said to be missing', async () => {
    const setup = async () => {
      const { list: _, ...store } = memorySubject(newMemory(), 'x').store;
      return { store, prefix: 'x' };
    };
    const outcomes = await record((runner) =>
      objectStoreContract(runner, { name: 'bare', setup, without: { secrets: 'it has none' } }),
    );
    expect(outcomes.map(({ message }) => message)).toContain(
      'the store has no list; give the reason in without.list',
    );
  });
});
