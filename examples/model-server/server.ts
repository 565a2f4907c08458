// A model server: answers from sealed weights, also while it loads others. README.md says how it is set up.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isWeightsealError } from '@weightseal/core';
import { isLocal, jsonIn, send } from './http.ts';
import { follow, type Pointed, readPointer } from './pointer.ts';
import { Refusal, refusalFor } from './refusal.ts';
import { Served } from './served.ts';
import { isVersion, settingsFrom } from './settings.ts';

const PIXELS = 64;
/** How long requests may go on after SIGTERM. Kubernetes and systemd kill later than that. */
const GRACE_MS = 10_000;

/** One line of JSON; never what a request holds, nor what a model does. */
function log(event: string, more: object = {}): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...more }));
}

// The engine would report to its maker (telemetry), and keep files for that.
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
const settings = await settingsFrom(process.env).catch((error: unknown) => fail(error));
const served = new Served(settings);
const stop = new AbortController();
let stopping = false;
/** What the pointer names and is not served, and why. */
let refused: { readonly version: string; readonly code: string } | undefined;

async function change(version?: string): Promise<string> {
  const began = performance.now();
  try {
    const { name, placement } = await served.change(version);
    log('serving', { version: name, ms: Math.round(performance.now() - began), placement });
    return name;
  } catch (error) {
    log('refused', told(error));
    throw error;
  }
}

/** A version that the pointer names. Whether that is settled: a refusal that another try would not change is, until the pointer is written again. */
async function take({ version }: Pointed): Promise<boolean> {
  try {
    if (served.version !== version) await change(version);
    refused = undefined;
    return true;
  } catch (error) {
    const { status, code } = refusalFor(error);
    refused = { version, code };
    return status === 422;
  }
}

function told(error: unknown): object {
  // A message of weightseal says what to do, and holds no secret; one of an engine or a parser may quote anything.
  return { code: refusalFor(error).code, ...(isWeightsealError(error) && { message: error.message }) };
}

function fail(error: unknown): never {
  log('failed', told(error));
  process.exit(1);
}

function pixelsIn({ pixels }: Record<string, unknown>): Float32Array {
  const sound =
    Array.isArray(pixels) && pixels.length === PIXELS && pixels.every((one) => Number.isFinite(one));
  if (!sound) throw new Refusal(400, 'PIXELS_INVALID');
  return Float32Array.from(pixels);
}

async function classify(request: IncomingMessage): Promise<object> {
  const pixels = pixelsIn(await jsonIn(request));
  return await served.use(async (version) => {
    const scores = [...(await version.classify(pixels))];
    return { version: version.name, class: scores.indexOf(Math.max(...scores)), scores };
  });
}

async function reload(request: IncomingMessage): Promise<object> {
  if (!isLocal(request)) throw new Refusal(403, 'LOCAL_ONLY');
  const { version } = await jsonIn(request);
  if (settings.pointer) throw new Refusal(409, 'POINTER_SAYS');
  if (version !== undefined && !isVersion(version)) throw new Refusal(400, 'VERSION_INVALID');
  return { version: await change(version) };
}

async function answer(request: IncomingMessage): Promise<object> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /health':
      if (served.version === undefined || stopping) throw new Refusal(503, 'NOT_READY');
      return { version: served.version, refused };
    case 'POST /classify':
      return await classify(request);
    case 'POST /reload':
      return await reload(request);
    default:
      throw new Refusal(404, 'NOT_FOUND');
  }
}

const server = createServer(async (request, response) => {
  try {
    send(response, 200, await answer(request), stopping);
  } catch (error) {
    const { status, code } = refusalFor(error);
    send(response, status, { error: code, version: served.version }, stopping);
  }
});

async function end(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  stop.abort();
  const closed = once(server, 'close');
  server.close();
  log('stopping', { signal });
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
  await closed;
  await served.close();
  log('stopped');
  // The loader leaves the signals to those who listen to them: its plaintext is gone by now.
  process.exit(0);
}

process.on('SIGHUP', () => void change().catch(() => {}));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));

server.listen(settings.port, settings.host);
await once(server, 'listening').catch(fail);
const { address, port } = server.address() as AddressInfo;
log('listening', { address, port });
// Why not is logged. Whoever runs the server starts it again.
const { pointer } = settings;
const first = pointer && (await readPointer(pointer.place, stop.signal).catch(fail));
await change(first?.version).catch(() => stopping || process.exit(1));
if (first && !stopping)
  await follow(pointer, first, take, (error) => log('pointer', told(error)), stop.signal);
