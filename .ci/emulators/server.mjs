// Starts and stops the servers of one emulator.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 5_000;

/** The processes of one emulator. They write their logs and data into `directory`. */
export class Servers {
  #children = [];

  constructor(directory) {
    this.directory = directory;
  }

  /** Starts a program, and waits until `ready` says true. */
  async launch(program, args, { env = {}, ready }) {
    const log = join(this.directory, `log-${this.#children.length}`);
    const fd = openSync(log, 'w');
    const child = spawn(program, args, {
      cwd: this.directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', fd, fd],
    });
    closeSync(fd);
    let end;
    child.once('error', (error) => {
      end = error.message;
    });
    child.once('exit', (code, signal) => {
      end = `it ended with ${code ?? signal}`;
    });
    this.#children.push(child);
    const last = performance.now() + READY_WITHIN_MS;
    while (end === undefined && performance.now() < last) {
      if (await ready()) return;
      await delay(100);
    }
    const told = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
    throw new Error(`${end ?? `it was not ready after ${READY_WITHIN_MS} ms`}\n${told}`);
  }

  async stop() {
    await Promise.all(this.#children.reverse().map(stop));
  }
}

async function stop(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}

/** Whether something listens there. */
export function listens(port) {
  return () =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
}

/** Whether an HTTP server answers there, whatever it says. */
export function answers(url) {
  return () =>
    fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
}
