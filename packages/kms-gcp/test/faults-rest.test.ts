import { faultSuite, googleRestBusy, httpFaultProxy } from '@weightseal/fault-proxy';
import { afterAll, describe, it } from 'vitest';
import { FakeKms } from './fake-kms.js';
import { RestServer } from './fake-rest.js';
import { faultsOf, onRest } from './faults.js';
import { restKeyAt, SECRETS, TOKEN } from './keys.js';

const kms = new FakeKms();
const rest = await RestServer.start(kms, TOKEN);
afterAll(() => rest[Symbol.asyncDispose]());

faultSuite(
  // Side by side: the cases do little but wait.
  { describe, it: it.concurrent },
  {
    name: 'a Cloud KMS key over REST',
    busy: googleRestBusy,
    async setup(deadlineMs) {
      const proxy = await httpFaultProxy({ upstream: rest.url });
      return { wrapper: restKeyAt(proxy.url, { name: kms.key().name, deadlineMs }), proxy, secrets: SECRETS };
    },
    ...faultsOf(onRest),
  },
);
