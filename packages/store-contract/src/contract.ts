import assert from 'node:assert/strict';
import { checkKinds } from '@weightseal/core';
import { conditionCases } from './cases/conditions.js';
import { copyingCases } from './cases/copying.js';
import { failureCases } from './cases/failures.js';
import { keyCases } from './cases/keys.js';
import { listingCases } from './cases/listing.js';
import { puttingCases } from './cases/putting.js';
import { readingCases } from './cases/reading.js';
import { removingCases } from './cases/removing.js';
import { resumingCases } from './cases/resuming.js';
import { stoppingCases } from './cases/stopping.js';
import { unfinishedCases } from './cases/unfinished.js';
import { uploadConditionCases } from './cases/upload-conditions.js';
import { uploadingCases } from './cases/uploading.js';
import { versionCases } from './cases/versions.js';
import type { Capability, Case, ContractOptions, Scene, Subject, TestRunner } from './types.js';
import { Watch } from './watch.js';

const DEFAULT_PATIENCE_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 120_000;

const cases: readonly Case[] = [
  ...readingCases,
  ...versionCases,
  ...keyCases,
  ...puttingCases,
  ...conditionCases,
  ...uploadingCases,
  ...uploadConditionCases,
  ...copyingCases,
  ...unfinishedCases,
  ...resumingCases,
  ...removingCases,
  ...listingCases,
  ...stoppingCases,
  ...failureCases,
];

/**
 * Registers the contract of an ObjectStore with a test runner, one test for each case. A case that the store is declared to be `without` is registered as
 * skipped, with the reason in its title. What is declared neither way fails: a capability goes untested only where somebody wrote down why. Whatever the store
 * throws in any case is searched for the secrets.
 */
export function objectStoreContract(runner: TestRunner, options: ContractOptions): void {
  checkKinds(options, 'objectStoreContract', {
    setup: 'function',
    without: 'object',
    many: 'boolean',
    patienceMs: 'any',
    timeoutMs: 'any',
    teardown: 'function',
    name: 'any',
  });
  const { name, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const without = {
    ...(!options.many && { many: 'slow; `many: true` asks for it' }),
    ...options.without,
  };
  runner.describe(`${name} keeps the ObjectStore contract`, () => {
    for (const one of cases) {
      const lacking = (one.needs ?? []).find((capability) => without[capability] !== undefined);
      if (lacking !== undefined) {
        skip(runner, `${one.title} (skipped, no ${lacking}: ${without[lacking]})`);
        continue;
      }
      runner.it(one.title, () => runCase(one, options), timeoutMs);
    }
  });
}

function skip({ it }: TestRunner, title: string): void {
  const nothing = async () => {};
  if (it.skip) it.skip(title, nothing);
  else it(title, nothing);
}

async function runCase(one: Case, options: ContractOptions): Promise<void> {
  const subject = await options.setup();
  try {
    for (const capability of [...(one.needs ?? []), 'secrets'] as const)
      if (options.without?.[capability] === undefined) assertSupplied(subject, capability);
    const watch = new Watch((await subject.secrets?.()) ?? []);
    try {
      await one.run(sceneOf(subject, watch, options.patienceMs ?? DEFAULT_PATIENCE_MS));
    } finally {
      // Before what the case itself says: a credential in a report is worse.
      watch.check();
    }
  } finally {
    await options.teardown?.(subject);
  }
}

function sceneOf(subject: Subject, watch: Watch, patienceMs: number): Scene {
  const { prefix, denied, missing, unavailable, silent } = subject;
  const store = watch.over(subject.store);
  const place = subject.place ?? ((key: string, bytes: Uint8Array) => put(store, key, bytes));
  return {
    store,
    at: `${prefix}/`,
    place,
    denied: denied && watch.over(denied),
    missing: missing && watch.over(missing),
    unavailable: unavailable && watch.over(unavailable),
    silent: silent && watch.over(silent),
    patienceMs,
  };
}

function put(store: Scene['store'], key: string, bytes: Uint8Array): Promise<unknown> {
  assert.ok(store.put, 'the store cannot write, and setup() supplies no place');
  return store.put(key, bytes, {}, { signal: new AbortController().signal });
}

const METHODS = {
  list: 'list',
  write: 'put',
  remove: 'remove',
  unfinished: 'unfinished',
  resume: 'resume',
} as const;
const SUPPLIED = ['denied', 'missing', 'unavailable', 'silent', 'secrets'] as const;

function assertSupplied(subject: Subject, capability: Capability): void {
  const supplied = SUPPLIED.find((one) => one === capability);
  if (supplied)
    assert.ok(
      subject[supplied] !== undefined,
      `setup() supplies no ${capability}; supply it, or give the reason in without.${capability}`,
    );
  const method = Object.hasOwn(METHODS, capability) && METHODS[capability as keyof typeof METHODS];
  if (method)
    assert.ok(
      typeof subject.store[method] === 'function',
      `the store has no ${method}; give the reason in without.${capability}`,
    );
}
