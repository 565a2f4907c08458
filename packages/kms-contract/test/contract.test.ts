import { type Capability, keyWrapperContract } from '@weightseal/kms-contract';
import { describe, expect, it, vi } from 'vitest';
import { type Flaw, memorySubject } from './memory-key.js';
import { failed, record } from './recorder.js';

// They do little but wait.
vi.setConfig({ maxConcurrency: 100 });

// The positive control, with the real runner: the flaws below are flaws of this very wrapper.
keyWrapperContract(
  { describe: describe.concurrent, it },
  { name: 'the sound key in memory', setup: () => memorySubject() },
);

const run = (flaw: Flaw) =>
  record((runner) =>
    keyWrapperContract(runner, { name: flaw, setup: () => memorySubject(flaw), patienceMs: 4000 }),
  );

const CONTEXT = 'a wrap opens with its own context only';
const CHANGED = 'a change of any byte of the wrap is refused';
const CUT = 'a cut or extended wrap is refused';
const OTHER_KEY = 'another key does not open the wrap';
const LABEL = 'a changed label never yields other bytes';
const AFTER = 'the wrap still opens after all those refusals';
const RANDOM = 'two wraps of one data key differ and do not show it';
const LENGTH = 'a data key that is not 32 bytes long is refused';
const OWNERSHIP = 'neither call changes what it is given, and the result is the caller’s alone';
const ROTATED = 'what an older version wrapped opens after a rotation';
const FIRED = 'a signal that has fired ends both calls before they start';
const FIRING = 'a signal that fires meanwhile ends both calls at once';
const LISTENER = 'a signal that never fires changes nothing and keeps no listener';
const DEADLINE = 'a backend that never answers ends both calls at their deadline';
const NO_DATA_KEY = 'no error holds the data key';
const NO_SECRET = 'no error holds a secret of the provider';
const PARALLEL = '50 data keys at once do not get mixed up';

const caught: Readonly<Record<Flaw, readonly string[]>> = {
  'ignores the context': [CONTEXT],
  'joins the context': [CONTEXT],
  'ignores the tag': [CONTEXT, OTHER_KEY, CHANGED, AFTER],
  'ignores the end of the wrap': [CUT],
  'is not randomised': [RANDOM],
  'wraps any length': [LENGTH],
  'leaks the data key': [NO_DATA_KEY],
  'leaks the data key to logs': [NO_DATA_KEY],
  'leaks its secret': [NO_SECRET],
  'ignores a fired signal': [FIRED],
  'ignores a firing signal': [FIRING],
  'drops the reason': [FIRED, FIRING],
  'keeps its listener': [LISTENER],
  'ignores its deadline': [DEADLINE],
  'throws plain errors': [CONTEXT, OTHER_KEY, CHANGED, CUT, LABEL, AFTER],
  'forgets old versions': [ROTATED],
  'keeps its version name': [ROTATED],
  'mixes up its codes': ['a key that does not exist gives KEY_NOT_FOUND'],
  'lends its memory': [OWNERSHIP],
  'zeroes its input': [
    'data keys come back as they were',
    'an empty context round-trips',
    'a context of 4096 bytes round-trips',
    'a context of 64 entries round-trips',
    'a context beyond ASCII round-trips',
    'the order in which a context is written does not matter',
    OWNERSHIP,
    PARALLEL,
    ROTATED,
    AFTER,
    LISTENER,
  ],
  'shows credentials': [
    'its URI names its provider and carries no credentials',
    'a wrap says which key and version made it, and how',
  ],
  'mixes up parallel calls': [PARALLEL],
};

describe.concurrent('the contract finds a wrapper that', () => {
  it.each(Object.entries(caught) as [Flaw, string[]][])('%s', async (flaw, titles) => {
    expect([...failed(await run(flaw))].sort()).toEqual([...titles].sort());
  });
});

describe.concurrent('a capability', () => {
  const bare = async () => ({ wrapper: (await memorySubject()).wrapper });
  const capabilities: readonly Capability[] = [
    'otherKey',
    'rotate',
    'slow',
    'missing',
    'denied',
    'disabled',
    'unavailable',
    'secrets',
  ];

  it.each(capabilities)('that is neither supplied nor declared missing fails: %s', async (capability) => {
    const outcomes = await record((runner) => keyWrapperContract(runner, { name: 'bare', setup: bare }));
    expect(outcomes.map(({ message }) => message)).toContainEqual(
      `setup() supplies no ${capability}; supply it, or give the reason in without.${capability}`,
    );
  });

  it('that is declared missing is skipped, with its reason in the title', async () => {
    const without = Object.fromEntries([...capabilities, 'context'].map((one) => [one, `because of ${one}`]));
    const outcomes = await record((runner) =>
      keyWrapperContract(runner, { name: 'bare', setup: bare, without }),
    );
    expect(failed(outcomes)).toEqual([]);
    const skipped = outcomes.filter(({ state }) => state === 'skipped').map(({ title }) => title);
    expect(skipped).toContain(`${OTHER_KEY} (skipped, no otherKey: because of otherKey)`);
    expect(skipped).toContain(`${CONTEXT} (skipped, no context: because of context)`);
    for (const one of capabilities) expect(skipped.join()).toContain(`because of ${one})`);
  });

  it('that is missing stays visible where the runner cannot skip', () => {
    const titles: string[] = [];
    keyWrapperContract(
      { describe: (_, body) => body(), it: (title) => titles.push(title) },
      { name: 'bare', setup: bare, without: { slow: 'it is in memory' } },
    );
    expect(titles).toContain(`${DEADLINE} (skipped, no slow: it is in memory)`);
  });
});

describe.concurrent('setup and teardown', () => {
  it('run once for each case, teardown also after a failure', async () => {
    let open = 0;
    let most = 0;
    const outcomes = await record(
      (runner) =>
        keyWrapperContract(runner, {
          name: 'counted',
          without: { slow: 'it would be waited for' },
          setup: async () => {
            most = Math.max(most, ++open);
            return { ...(await memorySubject('throws plain errors')), slow: undefined };
          },
          teardown: async () => open--,
        }),
      'in order',
    );
    expect(failed(outcomes).length).toBeGreaterThan(0);
    expect([open, most]).toEqual([0, 1]);
  });
});
