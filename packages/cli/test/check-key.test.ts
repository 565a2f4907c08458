import { setTimeout } from 'node:timers/promises';
import {
  type KeyDescriber,
  type KeyWrapper,
  type RotationScheduler,
  WeightsealError,
} from '@weightseal/core';
import { describe, expect, test } from 'vitest';
import { checkKey, type KeyCheck, works } from '../src/check-key.js';
import { rotationText } from '../src/commands/keys-check.js';

/** A key that works, but for what the test changes. Its wraps are no secret. */
function key(changes: Partial<KeyWrapper & KeyDescriber & RotationScheduler> = {}): KeyWrapper {
  return {
    provider: 'local',
    uri: 'local:test',
    async wrap(dataKey, context) {
      const ciphertext = Buffer.concat([dataKey, Buffer.from(JSON.stringify(context))]);
      return { keyUri: 'local:test', keyVersion: '7', algorithm: 'none', ciphertext };
    },
    async unwrap({ ciphertext }, context) {
      if (Buffer.from(ciphertext.subarray(32)).toString() !== JSON.stringify(context))
        throw error('UNWRAP_REJECTED');
      return Uint8Array.from(ciphertext.subarray(0, 32));
    },
    ...changes,
  };
}

function error(code: ConstructorParameters<typeof WeightsealError>[0]): WeightsealError {
  return new WeightsealError(code, 'Said so.');
}

async function check(
  changes: Parameters<typeof key>[0],
  signal = AbortSignal.timeout(100_000),
): Promise<KeyCheck> {
  return checkKey('local:test', async () => key(changes), signal);
}

const failed = ({ steps }: KeyCheck) =>
  steps.flatMap(({ step, error: found }) => (found ? [`${step} ${(found as WeightsealError).code}`] : []));

const description = {
  uri: 'x',
  primaryVersion: '7',
  algorithm: 'a',
  state: 'enabled',
  protection: 'hsm',
} as const;

describe('a key', () => {
  test('that wraps, unwraps, and refuses another context works', async () => {
    const found = await check({});
    expect([works(found), found.steps.map(({ step }) => step)]).toEqual([
      true,
      ['load', 'wrap', 'unwrap', 'other context'],
    ]);
  });

  test('that binds no context does not', async () => {
    const found = await check({
      unwrap: async ({ ciphertext }) => Uint8Array.from(ciphertext.subarray(0, 32)),
    });
    expect([works(found), failed(found)]).toEqual([false, ['other context KEY_RESPONSE_INVALID']]);
  });

  test('that gives back another data key does not', async () => {
    const found = await check({ unwrap: async () => new Uint8Array(32) });
    expect([works(found), failed(found)]).toEqual([
      false,
      ['unwrap KEY_RESPONSE_INVALID', 'other context KEY_RESPONSE_INVALID'],
    ]);
  });

  test('that may not unwrap does not, and neither context is taken for refused', async () => {
    const found = await check({
      unwrap: async () => {
        throw error('KEY_DENIED');
      },
    });
    expect([works(found), failed(found)]).toEqual([false, ['unwrap KEY_DENIED', 'other context KEY_DENIED']]);
  });

  test('that may not wrap is asked for nothing more', async () => {
    const found = await check({
      wrap: async () => {
        throw error('KEY_DENIED');
      },
    });
    expect([works(found), failed(found), found.steps.length]).toEqual([false, ['wrap KEY_DENIED'], 2]);
  });

  test.for([
    ['keyUri', undefined],
    ['keyUri', 'corp:elsewhere'],
    ['keyVersion', 7],
    ['algorithm', 'a'.repeat(129)],
    ['ciphertext', new Uint8Array(6145)],
    ['ciphertext', new Uint8Array()],
  ] as const)('whose wrap no file can hold does not: %s %o', async ([member, value]) => {
    const found = await check({
      wrap: async (...given) => ({ ...(await key().wrap(...given)), [member]: value }),
    });
    expect([works(found), failed(found)]).toEqual([false, ['wrap KEY_RESPONSE_INVALID']]);
  });

  test('is given back what a file says, and nothing that the wrap said besides', async () => {
    const given: object[] = [];
    await check({
      wrap: async (...call) => ({ ...(await key().wrap(...call)), besides: 1 }),
      unwrap: async (wrapped, context) => {
        given.push(wrapped);
        return await key().unwrap(wrapped, context);
      },
    });
    expect(given.map((one) => Object.keys(one).sort())).toEqual(
      Array.from({ length: 2 }, () => ['algorithm', 'ciphertext', 'keyUri', 'keyVersion']),
    );
  });

  test('that may not be looked at works all the same', async () => {
    const denied = async () => {
      throw error('KEY_DENIED');
    };
    const found = await check({ describe: denied, rotationStatus: denied, scheduleRotation: denied });
    expect([works(found), failed(found)]).toEqual([true, ['describe KEY_DENIED', 'rotation KEY_DENIED']]);
  });

  test('that cannot be looked at for another reason does not', async () => {
    const found = await check({
      describe: async () => {
        throw error('KEY_UNAVAILABLE');
      },
    });
    expect([works(found), failed(found)]).toEqual([false, ['describe KEY_UNAVAILABLE']]);
  });

  test('tells of itself and its rotation where it can', async () => {
    const rotation = { automatic: true, everyDays: 90 };
    const found = await check({
      describe: async () => description,
      rotationStatus: async () => rotation,
      scheduleRotation: async () => {},
    });
    expect([found.description, found.rotation, found.wrapped?.keyVersion]).toEqual([
      description,
      rotation,
      '7',
    ]);
  });

  test('that cannot even be made is told, and the text that is no URI is not repeated', async () => {
    const load = async () => {
      throw error('KEY_URI_INVALID');
    };
    const found = await checkKey('aws-kms://user:hunter2@alias/a', load, AbortSignal.timeout(100_000));
    expect([works(found), failed(found)]).toEqual([false, ['load KEY_URI_INVALID']]);
    expect(found.uri).toBe('aws-kms:…');
  });

  test('that is slow is seen to be: each step is timed, the loading of its provider too', async () => {
    const slow = async () => {
      await setTimeout(30);
      return key();
    };
    const { steps } = await checkKey('local:test', slow, AbortSignal.timeout(100_000));
    expect(steps[0]).toMatchObject({ step: 'load', ms: expect.toSatisfy((ms: number) => ms >= 29) });
  });
});

test('the data key is zeroed afterwards, and so is what came back', async () => {
  const seen: Uint8Array[] = [];
  await check({
    async wrap(dataKey, context) {
      seen.push(dataKey);
      return key().wrap(dataKey, context);
    },
    async unwrap(wrapped, context) {
      seen.push(await key().unwrap(wrapped, context));
      return seen.at(-1)!;
    },
  });
  expect(seen.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true, true]);
});

test('an abort ends the check; it is no finding', async () => {
  const controller = new AbortController();
  const wrap = async () => {
    controller.abort();
    throw error('ABORTED');
  };
  await expect(check({ wrap }, controller.signal)).rejects.toMatchObject({ code: 'ABORTED' });
});

test('how a key turns over, in words', () => {
  const next = new Date('2027-01-31T23:59:59Z');
  expect(rotationText({ automatic: false })).toBe('only by hand');
  expect(rotationText({ automatic: true, everyDays: 90, last: next, next })).toBe(
    'every 90 days, last on 2027-01-31, next on 2027-01-31',
  );
  expect(rotationText({ automatic: true })).toBe('by itself');
});
