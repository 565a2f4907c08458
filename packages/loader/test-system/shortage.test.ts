import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { isRoot } from './support/child.js';
import { outcome, type RunSettings, started } from './support/run.js';

let model: SealedModel & AsyncDisposable;
beforeAll(async () => {
  model = await sealedModel(1000);
});
afterAll(() => model[Symbol.asyncDispose]());

const run = (settings: RunSettings) => outcome(started(model, ['echo', 'ran'], settings));
const NOT_ALLOWED = /util-linux|CAP_SYS_ADMIN|user namespaces/;
/** Of which a quarter is for words and environment: 2 MiB. */
const STACK = 'ulimit -s 8192; exec "$@"';
/** More than that, once each byte is four letters. */
const MANY = [
  'python3',
  '-c',
  String.raw`
import os,sys
e=dict(os.environb)
for n in range(10): e[b'RAW%d'%n]=b'\xff'*60000
os.execve(sys.argv[1],sys.argv[1:],e)`,
];

describe.runIf(isRoot)('a tmpfs of its own that a process lacks something for (as root)', () => {
  test.each([23, 24, 25, 26, 27, 28])('is told for want of descriptors: of %i', async (most) => {
    const wrapper = ['sh', '-c', `ulimit -n ${most}; exec "$@"`, 'sh'];
    const { code, stdout, stderr } = await run({ flags: ['--where', 'own'], wrapper });
    expect(stderr).not.toMatch(NOT_ALLOWED);
    if (code === 0) expect(stdout).toBe('ran\n');
    else expect(stderr).toMatch(/as many files open as it may; raise the limit \(ulimit -n/);
  });

  test.each(['own', 'auto', 'existing'])(
    'and for want of room for the environment: --where %s',
    async (where) => {
      const wrapper = ['sh', '-c', STACK, 'sh', ...MANY];
      const { code, stdout, stderr } = await run({ flags: ['--where', where], wrapper });
      expect([code, stdout]).toEqual([6, '']);
      expect(stderr).not.toMatch(NOT_ALLOWED);
      expect(stderr).toMatch(/Its words and its environment are longer than the system allows/);
    },
  );
});
