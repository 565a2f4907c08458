// What every key provider has to keep, for this one: `node --test contract.test.ts`. vitest and others do as well.
import { after, before, describe, it } from 'node:test';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { corpKey } from './corp-kms.ts';
import { CorpKms, TOKEN } from './server.ts';

const kms = new CorpKms();
let endpoint = '';
before(async () => {
  endpoint = await kms.listen();
});
after(() => kms[Symbol.asyncDispose]());

let made = 0;
const key = (name: string, more: object = {}) =>
  corpKey(`corp-kms://${name}`, { endpoint, token: TOKEN, ...more });

keyWrapperContract(
  { describe, it },
  {
    name: 'corp-kms',
    async setup() {
      const [name, other, off] = ['key', 'other', 'off'].map((word) => `${word}-${++made}`) as [
        string,
        string,
        string,
      ];
      kms.make(name);
      kms.make(other);
      kms.make(off, false);
      return {
        wrapper: key(name),
        otherKey: key(other),
        rotate: async () => kms.rotate(name),
        slow: key('hangs', { deadlineMs: 500 }),
        missing: key('nobody'),
        denied: key(name, { token: 'another' }),
        disabled: key(off),
        unavailable: key(name, { endpoint: 'http://127.0.0.1:1' }),
        secrets: async () => [Buffer.from(TOKEN), ...kms.secretsOf(name)],
      };
    },
  },
);
