import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, TERMINALS } from '../repository.ts';
import { record } from './record.ts';
import { furnish, SHOTS, type Shot } from './shots.ts';
import { svg } from './svg.ts';

const PROMPT = '\u001b[32m$\u001b[0m ';

export async function generateTerminals(): Promise<void> {
  mkdirSync(join(ROOT, TERMINALS), { recursive: true });
  for (const shot of SHOTS) writeFileSync(join(ROOT, TERMINALS, `${shot.name}.svg`), await take(shot));
}

async function take(shot: Shot): Promise<string> {
  const cwd = mkdtempSync(join(place(), 'weightseal-site-'));
  try {
    const env = furnish(cwd);
    for (const command of shot.before ?? []) execFileSync('sh', ['-c', command], { cwd, env, stdio: 'pipe' });
    const command = shot.run ?? ['sh', '-c', `exec ${shot.typed}`];
    const { screens, code } = await record(command, `${PROMPT}${shot.typed}\r\n`, { cwd, env });
    if (code !== shot.ends) throw new Error(`"${shot.typed}" ended with ${code}, not with ${shot.ends}`);
    const screen = shot.pick === undefined ? screens.at(-1) : shot.pick(screens);
    if (screen === undefined) throw new Error(`"${shot.typed}" showed nothing`);
    return svg(screen, shot.title);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** Memory where it has room for a sealed model: what a busy disk does would stand in the picture. */
function place(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 2 ** 31 ? memory : tmpdir();
}
