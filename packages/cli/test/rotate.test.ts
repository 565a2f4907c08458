import {
  type KeyDescriber,
  type KeyDescription,
  type KeyRotator,
  type KeyWrapper,
  type RotationScheduler,
  type RotationStatus,
  WeightsealError,
} from '@weightseal/core';
import { expect, test } from 'vitest';
import { rotateNow, schedule } from '../src/commands/rotate.js';

type Key = KeyWrapper & Partial<KeyDescriber & KeyRotator & RotationScheduler>;

async function unused(): Promise<never> {
  throw new Error('not to be called');
}

const key = (capabilities: Partial<Key>): Key => ({
  provider: 'local',
  uri: 'local:test',
  wrap: unused,
  unwrap: unused,
  ...capabilities,
});
const signal = AbortSignal.timeout(100_000);

/** A service that keeps the schedule that it is given. */
function scheduled(): Key {
  let everyDays: number | undefined;
  return key({
    scheduleRotation: async (days) => {
      everyDays = days;
    },
    rotationStatus: async (): Promise<RotationStatus> => ({ automatic: everyDays !== undefined, everyDays }),
  });
}

test('a schedule is set, shown, and taken back', async () => {
  const one = scheduled();
  const lines = async (rotation: Parameters<typeof schedule>[1]) =>
    (await schedule(one, rotation, signal)).lines;
  expect(await lines({ kind: 'schedule', days: 90 })).toEqual(['"local:test" turns over every 90 days']);
  expect(await lines({ kind: 'status' })).toEqual(['"local:test" turns over every 90 days']);
  expect(await lines({ kind: 'schedule', days: undefined })).toEqual([
    '"local:test" turns over only by hand',
  ]);
});

test.for([
  { what: 'both versions', before: '1', to: '2', told: 'its version was "1", is "2"' },
  { what: 'versions without names', before: '1', to: '1', told: 'its version is told as before, "1"' },
  { what: 'a key that may not be looked at', before: undefined, to: '2', told: 'its version is "2"' },
  { what: 'a version that has no name yet', before: '', to: '2', told: 'its version is "2"' },
])('a rotation now tells of $what', async ({ before, to, told }) => {
  const describe = async (): Promise<KeyDescription> => {
    if (before === undefined) throw new WeightsealError('KEY_DENIED', 'Said so.');
    const rest = { algorithm: 'a', state: 'enabled', protection: 'hsm' } as const;
    return { uri: 'local:test', primaryVersion: before, ...rest };
  };
  const { lines } = await rotateNow(key({ describe, rotate: async () => to }), '--key models', signal);
  expect(lines[0]).toBe(`rotated "local:test": ${told}`);
  expect(lines[2]).toBe('  weightseal rewrap <sealed> --key models');
});
