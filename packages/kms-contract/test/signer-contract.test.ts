import { type SignerCapability, signerContract } from '@weightseal/kms-contract';
import { describe, expect, it, vi } from 'vitest';
import { memorySignerSubject, type SignerFlaw } from './memory-signer.js';
import { failed, record } from './recorder.js';

// They do little but wait.
vi.setConfig({ maxConcurrency: 100 });

// The positive control, with the real runner: the flaws below are flaws of this very signer.
signerContract(
  { describe: describe.concurrent, it },
  { name: 'the sound signer in memory', setup: () => memorySignerSubject() },
);

const run = (flaw: SignerFlaw) =>
  record((runner) =>
    signerContract(runner, { name: flaw, setup: () => memorySignerSubject(flaw), patienceMs: 4000 }),
  );

const KNOWN = 'its public key is one that others know';
const EMPTY = "a signature of 0 bytes holds, by others' measure";
const BYTE = "a signature of 1 bytes holds, by others' measure";
const LONG = "a signature of 5242880 bytes holds, by others' measure";
const ONLY = 'a signature holds for its bytes only';
const STABLE = 'its public key is the same each time, and the caller’s alone';
const ONCE = 'its public key is asked for once, by many calls at once too';
const OWNERSHIP = 'sign changes nothing of what it is given, and the signature is the caller’s alone';
const PARALLEL = '20 messages at once do not get mixed up';
const FIRED = 'a signal that has fired ends both calls before they start';
const FIRING = 'a signal that fires meanwhile ends both calls at once';
const LISTENER = 'a signal that never fires changes nothing and keeps no listener';
const DEADLINE = 'a backend that never answers ends both calls at their deadline';
const NO_SECRET = 'no error holds a secret of the signer';
const UNFIT = 'a key that signs nothing gives SIGNING_KEY_UNFIT';
const EVERY_SIGNATURE = [EMPTY, BYTE, LONG, ONLY, OWNERSHIP, PARALLEL];

const caught: Readonly<Record<SignerFlaw, readonly string[]>> = {
  'signs the digest as if it were the message': EVERY_SIGNATURE,
  'signs the beginning of what is long': [LONG],
  'refuses what is empty': [EMPTY, PARALLEL],
  'gives r and s without DER': EVERY_SIGNATURE,
  'signs everything alike': [BYTE, LONG, ONLY, OWNERSHIP, PARALLEL],
  'gives another key than it signs with': EVERY_SIGNATURE,
  'turns over between two calls': [...EVERY_SIGNATURE, STABLE, ONCE],
  'asks for its key each time': [ONCE],
  'takes a weak key': [UNFIT],
  'gives the key as PEM': [...EVERY_SIGNATURE, KNOWN],
  'leaks its secret': [NO_SECRET],
  'ignores a fired signal': [FIRED],
  'ignores a firing signal': [FIRING],
  'drops the reason': [FIRED, FIRING],
  'keeps its listener': [LISTENER],
  'ignores its deadline': [DEADLINE],
  'throws plain errors': [
    UNFIT,
    'a key that does not exist gives KEY_NOT_FOUND',
    'a key that the caller may not use gives KEY_DENIED',
    'a key that is switched off gives KEY_DISABLED',
    'a backend that cannot answer gives KEY_UNAVAILABLE',
  ],
  'mixes up its codes': ['a key that does not exist gives KEY_NOT_FOUND'],
  'lends its key': [STABLE],
  'lends its signature': [OWNERSHIP],
  'zeroes its input': [BYTE, LONG, ONLY, OWNERSHIP, PARALLEL],
  'shows credentials': ['its URI names its provider and carries no credentials'],
  'mixes up parallel calls': [PARALLEL],
};

describe.concurrent('the contract finds a signer that', () => {
  it.each(Object.entries(caught) as [SignerFlaw, string[]][])('%s', async (flaw, titles) => {
    expect([...failed(await run(flaw))].sort()).toEqual([...titles].sort());
  });
});

describe.concurrent('what a signer lacks', () => {
  const bare = async () => ({ signer: (await memorySignerSubject()).signer });
  const capabilities: readonly SignerCapability[] = [
    'asked',
    'unfit',
    'slow',
    'missing',
    'denied',
    'disabled',
    'unavailable',
    'secrets',
  ];

  it.each(capabilities)('fails where it is neither supplied nor declared missing: %s', async (capability) => {
    const outcomes = await record((runner) => signerContract(runner, { name: 'bare', setup: bare }));
    expect(outcomes.map(({ message }) => message)).toContainEqual(
      `setup() supplies no ${capability}; supply it, or give the reason in without.${capability}`,
    );
  });

  it('is skipped where it is declared missing, with its reason in the title', async () => {
    const without = Object.fromEntries(capabilities.map((one) => [one, `because of ${one}`]));
    const outcomes = await record((runner) => signerContract(runner, { name: 'bare', setup: bare, without }));
    expect(failed(outcomes)).toEqual([]);
    const skipped = outcomes.filter(({ state }) => state === 'skipped').map(({ title }) => title);
    for (const one of capabilities) expect(skipped.join()).toContain(`because of ${one})`);
  });
});
