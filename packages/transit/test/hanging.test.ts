import fs, { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WeightsealError } from '@weightseal/core';
import { createTlsOptions, ReloadingTls } from '@weightseal/transit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { authority, type Made, server } from './support/authorities.ts';
import { refused } from './support/refused.ts';

// To make a mount that hangs takes the rights of root, and one that can be undone more than that: here the calls of the system hang.

const { open, stat } = fs;
const LONG = { timeout: 60_000 };
let directory: string;
let root: Made;
let free: () => void;
let calls: number;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weightseal-hanging-'));
  root = await authority();
  await pair();
  await writeFile(at('ca.pem'), root.pem);
  calls = 0;
});
afterEach(async () => {
  Object.assign(fs, { open, stat });
  syncBuiltinESMExports();
  await rm(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const OPTIONS = () =>
  ({
    role: 'server',
    certificate: at('cert.pem'),
    key: at('key.pem'),
    ca: at('ca.pem'),
    deadlineMs: 2000,
  }) as const;
async function pair(): Promise<void> {
  const made = await server(root);
  await writeFile(at('cert.pem'), made.pem);
  await writeFile(at('key.pem'), made.key, { mode: 0o600 });
}

/** From now on, until it is freed. */
function hang(call: 'open' | 'stat', name: string): void {
  const freed = new Promise<void>((resolve) => {
    free = resolve;
  });
  const real = { open, stat }[call] as (path: string, ...rest: unknown[]) => Promise<unknown>;
  const hanging = async (path: string, ...rest: unknown[]) => {
    if (String(path).endsWith(name)) {
      calls++;
      await freed;
    }
    return real(path, ...rest);
  };
  Object.assign(fs, { [call]: hanging });
  syncBuiltinESMExports();
}

it.each(['cert.pem', 'ca.pem'])('who waits for %s is told that one, and not a key', async (name) => {
  hang('open', name);
  await refused(() => createTlsOptions(OPTIONS()), 'IO_ERROR', new RegExp(`${name} within 2000 ms`));
  free();
});

it('looks that hang are told once, and are not begun again until the first is over', async () => {
  const told: WeightsealError[] = [];
  const onRefused = (error: WeightsealError) => told.push(error);
  await using tls = await ReloadingTls.create(OPTIONS(), { everyMs: 1, onRefused });
  const was = tls.tls;
  hang('stat', 'cert.pem');
  await pair();
  await expect.poll(() => told.map(({ code }) => code), LONG).toEqual(['IO_ERROR']);
  expect(told[0]!.message).toMatch(/cert\.pem within 2000 ms/);
  expect([await tls.reload(), await tls.reload()]).toEqual([false, false]);
  expect([calls, told.length, tls.tls === was]).toEqual([1, 1, true]);
  free();
  await expect.poll(() => tls.tls !== was, LONG).toBe(true);
});
