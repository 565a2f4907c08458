import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../process.ts';
import { execute } from '../process.ts';
import { BUCKET } from './object-server.ts';
import { cacheFolder } from './peer.ts';
import { has } from './system.ts';

const AWS_VERSION = '1.46.3';

/** Another tool that copies an object from a store into a file. */
export interface StorePeer {
  readonly label: string;
  copy(key: string, output: string): readonly string[];
}

/** The AWS command line, as it is when nothing is told. */
export async function awsCli(cache: string): Promise<StorePeer> {
  const folder = cacheFolder(cache, `awscli-${AWS_VERSION}`);
  if (!existsSync(join(folder, 'installed'))) {
    await execute(['python3', '-m', 'venv', '--clear', folder]);
    await execute([join(folder, 'bin', 'pip'), 'install', '--quiet', `awscli==${AWS_VERSION}`]);
    writeFileSync(join(folder, 'installed'), '');
  }
  const aws = join(folder, 'bin', 'aws');
  return {
    label: 'aws s3 cp',
    copy: (key, output) => [aws, 's3', 'cp', '--no-progress', `s3://${BUCKET}/${key}`, output],
  };
}

/** rclone, with as many streams as we have requests. */
export async function rclone(): Promise<StorePeer> {
  if (!(await has('rclone'))) throw new Error('there is no rclone; it is a package of Debian');
  // What lies there from the run before is the same, and would not be copied again.
  const flags = [
    '--ignore-times',
    '--multi-thread-streams',
    '16',
    '--multi-thread-cutoff',
    '1M',
    '--transfers',
    '16',
  ];
  return {
    label: 'rclone copyto',
    copy: (key, output) => ['rclone', 'copyto', ...flags, `store:${BUCKET}/${key}`, output],
  };
}

/** One after the other, as a script has it. */
export function inTurn(label: string, first: readonly string[], second: Command): Command {
  const script = `"\${@:1:${first.length}}" && "\${@:${first.length + 1}}"`;
  return { ...second, label, argv: ['bash', '-c', script, 'in-turn', ...first, ...second.argv] };
}
