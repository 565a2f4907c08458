import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_NAME, SIGNATURE_NAME } from '@weightseal/core';
import { pull } from '@weightseal/pull';
import { afterEach, expect, it } from 'vitest';
import { acme, bytesOf, fresh, MIB, releasedBundle, treeOf } from './support/releases.js';
import { Served } from './support/served.js';

// With mirrors that are slow, or fail for a while.

const site = await fresh();
await releasedBundle(join(site, 'llama'), { 'long.bin': bytesOf(2.5 * MIB, 1) });
const tree = await treeOf(join(site, 'llama'));
const signers = [acme.signer];
const LONG = 'llama/long.bin.sealed';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});
async function mirror(root = site): Promise<Served> {
  const server = await Served.start(root);
  open.push(server);
  return server;
}

async function pullFrom(servers: readonly Served[], tuning = {}) {
  const to = join(await fresh(), 'llama');
  const givenUp: [string, string][] = [];
  await pull(
    servers.map((one) => one.at('llama', tuning)),
    to,
    { signers, onGivenUp: (uri, { code }) => void givenUp.push([uri, code]) },
  );
  expect(await treeOf(to)).toEqual(tree);
  return givenUp;
}
const uri = ({ url }: Served) => `${url}/llama`;

it('one that sends a byte now and then is left for one that is well', async () => {
  const [bad, good] = [await mirror(), await mirror()];
  bad.trickles = (path) => path === LONG;
  expect(await pullFrom([bad, good], { deadlineMs: 2000 })).toEqual([]);
});

it('one from whom all must come is not given up for three failures that pass', async () => {
  const [bad, flaky] = [await mirror(), await mirror()];
  bad.change = (path, bytes) => {
    const other = Buffer.from(bytes);
    if (path === LONG) other[MIB]! ^= 1;
    return other;
  };
  let asked = 0;
  // The end of it is the other one's the first time, and nobody knows who was wrong.
  bad.instead = ({ path, range }, response) => {
    if (path !== LONG || asked > 0 || range![0] < 2 * MIB) return false;
    response.destroy();
    return true;
  };
  flaky.instead = ({ path }, response) => {
    if (path !== LONG || ++asked === 1 || asked > 4) return false;
    response.writeHead(503).end();
    return true;
  };
  expect(await pullFrom([bad, flaky])).toEqual([[uri(bad), 'MEMBER_TAMPERED']]);
  expect(asked).toBeGreaterThan(4);
});

it('one that is down at the beginning is asked once, and then the next', async () => {
  const [down, good] = [await mirror(), await mirror()];
  down.instead = (_, response) => {
    response.writeHead(503).end();
    return true;
  };
  await pullFrom([down, good]);
  expect(down.asked.length).toBeLessThan(4);
});

it('one that asks for a day is asked again when nobody else has it', async () => {
  const [busy, down] = [await mirror(), await mirror()];
  let asked = 0;
  busy.instead = ({ path }, response) => {
    if (!path.endsWith('.sealed') || asked++ > 0) return false;
    response.writeHead(503, { 'retry-after': '86400' }).end();
    return true;
  };
  down.instead = ({ path }, response) => {
    if (!path.endsWith('.sealed')) return false;
    response.writeHead(503).end();
    return true;
  };
  expect(await pullFrom([busy, down], { attempts: 3 })).toEqual([]);
});

it('that nobody has signed it is told, though another mirror is only down', async () => {
  const own = await fresh();
  await cp(join(site, 'llama'), join(own, 'llama'), { recursive: true });
  await rm(join(own, 'llama', SIGNATURE_NAME));
  const [down, bare] = [await mirror(), await mirror(own)];
  down.instead = (_, response) => {
    response.writeHead(503).end();
    return true;
  };
  const error = await pullFrom([down, bare], { attempts: 2 }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'SIGNATURE_MISSING', message: expect.stringContaining('STORE_') });
  expect(error.failures).toHaveLength(2);
});

it('the manifest of a mirror is asked for once, however many wait for it', async () => {
  const [dying, good] = [await mirror(), await mirror()];
  dying.instead = ({ path }, response) => {
    if (!path.endsWith('.sealed')) return false;
    response.destroy();
    return true;
  };
  await pullFrom([dying, good]);
  expect(good.asked.filter(({ path }) => path === `llama/${MANIFEST_NAME}`)).toHaveLength(1);
});
