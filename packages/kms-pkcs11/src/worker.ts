// The helper process: the only one that loads a PKCS#11 module. docs/providers/pkcs11.md says why.
import { Socket } from 'node:net';
import { wipe } from '@weightseal/core';
import { encodeFrame, FrameReader } from './frames.js';
import { type Failure, HelperFailure, type Request } from './messages.js';
import { Service } from './service.js';

const CHANNEL = 3;
const GOODBYE_MS = 1000;
const READ_BYTES = 16 * 1024;

const service = new Service(process.argv[2]!);
const reader = new FrameReader<Request>();
// A buffer of our own to read into: those of Node are copied and freed, with PINs and data keys in them.
const onread = { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: take };
const channel = new Socket({ fd: CHANNEL, readable: true, writable: true, onread });
let underWay = 0;

// Ctrl-C goes to the whole group: it is for the process that uses the helper to decide what it ends. SIGUSR1 would open a debugger.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {});
channel.on('error', () => end());
channel.on('end', () => end());

function take(length: number, buffer: Uint8Array): boolean {
  for (const { call, head, bytes } of reader.take(buffer.subarray(0, length))) void answer(call, head, bytes);
  return true;
}

async function answer(call: number, request: Request, input: Uint8Array): Promise<void> {
  underWay++;
  try {
    const { answer: head, bytes = Buffer.alloc(0) } = await service.serve(request, input);
    send(call, head, bytes);
    wipe(bytes);
  } catch (error) {
    send(call, { failure: toFailure(error) }, Buffer.alloc(0));
  } finally {
    wipe(input);
    underWay--;
  }
}

function send(call: number, head: object, bytes: Uint8Array): void {
  const frame = encodeFrame({ call, head, bytes });
  channel.write(frame, () => wipe(frame));
}

function toFailure(error: unknown): Failure {
  if (error instanceof HelperFailure) return error.failure;
  return { kind: 'defect', detail: error instanceof Error ? error.message : String(error) };
}

/** By a signal: process.exit() would wait for calls that may never return. */
async function end(): Promise<void> {
  const die = () => process.kill(process.pid, 'SIGKILL');
  if (underWay > 0) die();
  setTimeout(die, GOODBYE_MS);
  await service.end().catch(() => {});
  die();
}
