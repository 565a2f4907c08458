import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeightsealError } from '@weightseal/core';
import { allHeldBy, type Family, listenersAt } from './listeners.js';

const EVERY_MS = 250;
/** To look through all processes takes a while, and somebody else's answer may stay for good. */
const NOT_OURS_MS = 2_000;
const ANSWER_MS = 2_000;

/** Resolves to true when the command has written anything to the descriptor, to false when it has closed it without. */
export async function readyByDescriptor(from: Readable, signal: AbortSignal): Promise<boolean> {
  try {
    return await Promise.race([
      once(from, 'data', { signal }).then(() => true),
      once(from, 'end', { signal }).then(() => false),
    ]);
  } catch {
    return false;
  } finally {
    // Whatever else it has to say must not fill the pipe.
    from.resume();
  }
}

/** Where a command is to answer: the addresses of this machine that the URL's host has. */
export interface Endpoint {
  readonly url: URL;
  readonly addresses: readonly string[];
  readonly port: number;
}

/**
 * Resolves to true when the URL answers with success (2xx), to false when the signal fires before. Only the command's own answer counts: whoever else can listen at that port would
 * have the plaintext taken away from it. `tell` is told once when somebody else answers.
 */
export async function readyByUrl(
  endpoint: Endpoint,
  family: Family,
  signal: AbortSignal,
  tell: (message: string) => void,
): Promise<boolean> {
  for (let told = false; !signal.aborted; ) {
    for (const address of endpoint.addresses) {
      const before = await theirs(endpoint, address, family);
      if (before === undefined && told) continue;
      if (!(await answers(endpoint, address, signal))) continue;
      const after = before && (await theirs(endpoint, address, family));
      if (before !== undefined && before === after) return true;
      if (!told)
        tell(
          `${endpoint.url.host} answers, and what listens there is not seen to be the command or a process of it, so this says nothing of the model.`,
        );
      told = true;
    }
    await sleep(told ? NOT_OURS_MS : EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** The sockets that can answer, when all of them are the command's. */
async function theirs({ port }: Endpoint, address: string, family: Family): Promise<string | undefined> {
  const inodes = await listenersAt(address, port);
  return inodes && (await allHeldBy(family, inodes)) ? inodes.toSorted().join() : undefined;
}

/**
 * Before the command has begun.
 *
 * @throws INVALID_ARGUMENT when the URL is of another machine, or answers already
 */
export async function endpointOf(url: URL): Promise<Endpoint> {
  const addresses = (await addressesOf(url)).filter(isOurs);
  const bad = (what: string) => new WeightsealError('INVALID_ARGUMENT', what);
  if (addresses.length === 0)
    throw bad(
      `${url.host} is no address of this machine, and only what the command itself answers tells whether it is ready. Name one, such as http://127.0.0.1:8000/health.`,
    );
  const endpoint = { url, addresses, port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80) };
  for (const address of addresses)
    if (await answers(endpoint, address))
      throw bad(
        `Something answers at ${url.host} already, so it cannot tell whether the command is ready. End that first, or choose another port.`,
      );
  return endpoint;
}

async function addressesOf({ hostname }: URL): Promise<string[]> {
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  // Whatever a table of hosts says.
  if (/(?:^|\.)localhost$/.test(name)) return ['127.0.0.1', '::1'];
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(name, { all: true }).catch(() => []);
  return [...new Set(found.map(({ address }) => asAsked(address)))];
}

/** To ask any address is to ask this machine. */
function asAsked(address: string): string {
  return address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
}

function isOurs(address: string): boolean {
  if (/^127\.|^::1$|^::ffff:127\./i.test(address)) return true;
  const own = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return own.some((one) => one.address === address);
}

/** Whether the URL answers with success now, at just that address. */
async function answers({ url }: Endpoint, address: string, signal?: AbortSignal): Promise<boolean> {
  const { get } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  const timeout = AbortSignal.timeout(ANSWER_MS);
  const asking = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const family = address.includes(':') ? 6 : 4;
  return await new Promise((resolve) => {
    const asked = get(url, {
      agent: false,
      signal: asking,
      lookup: (_name, options, done) =>
        options.all ? done(null, [{ address, family }]) : done(null, address, family),
    });
    asked.on('error', () => resolve(false));
    asked.on('response', ({ statusCode = 0 }) => {
      asked.destroy();
      resolve(statusCode >= 200 && statusCode < 300);
    });
  });
}
