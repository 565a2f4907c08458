import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directory, library } from './softhsm.js';

const compiler = process.env['CC'] ?? 'cc';
const control = join(directory, 'control');
const log = join(directory, 'calls');
let built = 0;

/** The module that spoils calls is a file of C. */
export const hasCompiler: boolean = spawnSync(compiler, ['--version']).status === 0;

/** A module of its own, so that it has a helper of its own, which is not logged in yet. */
export function shimModule(): string {
  const module = join(directory, `shim-${built++}.so`);
  const source = new URL('./shim.c', import.meta.url).pathname;
  execFileSync(compiler, ['-shared', '-fPIC', '-O1', '-o', module, source, '-ldl'], { stdio: 'pipe' });
  process.env['SHIM_MODULE'] = library;
  process.env['SHIM_CONTROL'] = control;
  process.env['SHIM_LOG'] = log;
  lift();
  return module;
}

/** Lines as `C_Encrypt give 50`; shim.c has the actions. */
export function spoil(...lines: readonly string[]): void {
  writeFileSync(control, lines.map((line) => `${line}\n`).join(''));
}

export function lift(): void {
  rmSync(control, { force: true });
  rmSync(log, { force: true });
}

/** How often the function was called since the last `lift`. */
export function callsOf(name: string): number {
  try {
    return readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line === name).length;
  } catch {
    return 0;
  }
}
