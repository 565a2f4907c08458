// A route handler of Next.js, built as `standalone` and started in a folder that has nothing else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { copyProgram } from './project.mjs';
import { execute, fileOf } from './tools.mjs';

const START_MS = 30_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function run({ tools, project, out }) {
  // Beside Next's own packages, which it wants to find under one root.
  const app = join(tools, 'app');
  rmSync(app, { recursive: true, force: true });
  cpSync(resolve('.ci', 'bundlers', 'next'), app, { recursive: true });
  cpSync(project, app, { recursive: true });
  copyProgram(app);
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  await execute(process.execPath, [fileOf(tools, 'next', 'dist', 'bin', 'next'), 'build'], { cwd: app, env });
  cpSync(join(app, '.next', 'standalone'), out, { recursive: true });
  rmSync(app, { recursive: true });
  return await answerOf(join(out, 'app'));
}

async function answerOf(cwd) {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), HOSTNAME: '127.0.0.1' };
  const server = spawn(process.execPath, ['server.js'], { cwd, env, stdio: 'ignore' });
  const ended = once(server, 'exit');
  try {
    const deadline = Date.now() + START_MS;
    for (;;) {
      try {
        return await (await fetch(`http://127.0.0.1:${port}/seal`)).text();
      } catch (error) {
        if (Date.now() > deadline || server.exitCode !== null) throw error;
        await delay(100);
      }
    }
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}

export const next = { name: 'Next.js, standalone', group: 'next', threads: 'text', run };
