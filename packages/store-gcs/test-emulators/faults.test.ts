import { randomBytes, randomUUID } from 'node:crypto';
import { httpFaultProxy, jsonAnswer, storeFaultSuite } from '@weightseal/fault-proxy';
import { describe, it } from 'vitest';
import { call, storeAt, TOKEN } from '../test/server.js';
import { emulatorAt } from './emulator.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_FAKE_GCS_SERVER';
const emulator = await emulatorAt(VARIABLE);

/** As Cloud Storage says it. */
function refusal(code: number, reason: string, message: string) {
  return jsonAnswer(code, { error: { code, message, errors: [{ domain: 'global', reason, message }] } });
}

describe.skipIf(!emulator)(`faults, skipped unless ${VARIABLE} is its URL`, () => {
  if (!emulator) return;
  storeFaultSuite(
    { describe, it: it.concurrent },
    {
      name: 'Google Cloud Storage on fake-gcs-server',
      async setup() {
        const [key, bytes] = [`faults/${randomUUID()}`, randomBytes(300_000)];
        await emulator.store.put!(key, bytes, {}, call);
        const proxy = await httpFaultProxy({ upstream: emulator.url });
        const store = storeAt(proxy.url);
        const replace = async () => {
          await emulator.store.put!(key, randomBytes(bytes.length), {}, call);
        };
        return { location: { store, key }, proxy, bytes, replace, secrets: [Buffer.from(TOKEN)] };
      },
      answers: {
        unavailable: refusal(500, 'backendError', 'Backend Error'),
        throttled: refusal(429, 'rateLimitExceeded', 'The object exceeded the rate limit.'),
        expired: refusal(401, 'authError', `Invalid Credentials ${TOKEN}`),
        forbidden: refusal(403, 'forbidden', 'x@y does not have storage.objects.get access.'),
      },
      hugeListing: {
        prefix: 'faults/',
        fault: {
          kind: 'rewrite',
          rewrite: (_, { path }) => {
            const page = Number(/pageToken=(\d+)/.exec(path)?.[1] ?? 0);
            const items = Array.from({ length: 1000 }, (_, i) => ({
              name: `faults/${String(page * 1000 + i).padStart(12, '0')}`,
              size: '1',
              generation: '1',
            }));
            return jsonAnswer(200, { items, nextPageToken: String(page + 1) });
          },
        },
      },
    },
  );
});
