import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MARK } from '../src/owner.js';
import { PrivateDirectory } from '../src/place/private-directory.js';

let place: string;
let outside: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'weightseal-remove-'));
  outside = join(place, 'outside');
  mkdirSync(outside, { mode: 0o751 });
  writeFileSync(join(outside, 'precious'), 'precious');
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const shell = (script: string, directory: string) =>
  execFileSync('sh', ['-ec', script, 'sh', directory, outside], { stdio: 'pipe' });

/** What a command leaves beside the model. */
const LEFT: Record<string, string | ((directory: string) => void)> = {
  'a file': 'echo x >"$1/file"',
  'a hidden file': 'echo x >"$1/.file"',
  'a file in a directory': 'mkdir "$1/np"; cp "$2/precious" "$1/np/weights.npy"',
  'directories in directories, with files at each level':
    'd="$1"; for i in 1 2 3 4 5; do d="$d/d"; mkdir "$d"; echo x >"$d/a"; echo x >"$d/b"; done; mkdir "$1/d/e" "$1/d/d/e"',
  'directories that may not be read':
    'mkdir -p "$1/a/b"; echo x >"$1/a/b/c"; chmod 0 "$1/a/b"; chmod 0 "$1/a"',
  'directories that may only be read':
    'mkdir -p "$1/a/b"; echo x >"$1/a/b/c"; chmod 400 "$1/a/b/c"; chmod 500 "$1/a/b" "$1/a"',
  'the directory itself made read-only': 'mkdir "$1/a"; echo x >"$1/a/b"; chmod 500 "$1"',
  'links out of it':
    'ln -s "$2" "$1/link"; ln -s "$2/precious" "$1/file"; mkdir "$1/a"; ln -s "$2" "$1/a/link"',
  'a link in a circle': 'ln -s . "$1/a"; mkdir "$1/b"; ln -s .. "$1/b/c"',
  'a further name of a file': (directory) => linkSync(join(outside, 'precious'), join(directory, 'name')),
  'a pipe': 'mkfifo "$1/pipe"; mkdir "$1/a"; mkfifo "$1/a/pipe"',
  'names that are no text':
    'mkdir "$1/$(printf "a\\377\\nb")"; echo x >"$1/$(printf "a\\377\\nb")/$(printf "\\376")"',
  'names as long as they can be':
    'n=$(printf %0255d 0); mkdir -p "$1/$n/$n/$n/$n"; echo x >"$1/$n/$n/$n/$n/$n"',
  'no mark': `rm "$1/${MARK}"; mkdir "$1/a"; echo x >"$1/a/b"`,
  'a directory in the place of the mark': `rm "$1/${MARK}"; mkdir "$1/${MARK}"; echo x >"$1/${MARK}/b"`,
  'a mark of its own': `rm "$1/${MARK}"; ln -s other "$1/${MARK}"`,
  'thousands of files': 'mkdir "$1/a"; cd "$1/a"; seq 3000 | xargs touch',
  'a tree that is deeper than a path can be': (directory) => {
    const script =
      'const fs = require("fs"); process.chdir(process.argv[1]); for (let i = 0; i < 3000; i++) { fs.mkdirSync("d"); process.chdir("d"); } fs.writeFileSync("x", "x")';
    execFileSync(process.execPath, ['-e', script, directory]);
  },
};

describe.runIf(process.platform === 'linux')(
  'a private directory goes with all that somebody has put there (on Linux)',
  () => {
    test.each(Object.entries(LEFT))('%s', async (_, leave) => {
      const made = await PrivateDirectory.create(place);
      if (typeof leave === 'string') shell(leave, made.path);
      else leave(made.path);
      await made[Symbol.asyncDispose]();
      expect(made.left).toEqual([]);
      expect(readdirSync(place)).toEqual(['outside']);
      expect(readdirSync(outside)).toEqual(['precious']);
      expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('precious');
      expect(execFileSync('stat', ['-c', '%a', outside], { encoding: 'utf8' })).toBe('751\n');
    });

    test('a socket too', async () => {
      const made = await PrivateDirectory.create(place);
      const server = createServer().listen(join(made.path, 'socket'));
      await once(server, 'listening');
      await made[Symbol.asyncDispose]();
      server.close();
      expect(readdirSync(place)).toEqual(['outside']);
    });

    test('when it was moved elsewhere, and not what was put in its place', async () => {
      const made = await PrivateDirectory.create(place);
      mkdirSync(join(made.path, 'a'));
      const moved = join(place, 'moved');
      renameSync(made.path, moved);
      mkdirSync(made.path);
      writeFileSync(join(made.path, 'other'), 'x');
      await made[Symbol.asyncDispose]();
      expect(existsSync(moved)).toBe(false);
      expect(readdirSync(made.path)).toEqual(['other']);
      expect(made.left).toEqual([]);
    });

    test('while somebody swaps its directories for links that lead out', async () => {
      const script =
        'cd "$1"; while :; do mkdir -p a/b 2>/dev/null; echo x >a/b/c; ln -s "$2" l; mv -T a aside; mv -T l a; rm -rf aside l a; done 2>/dev/null';
      for (let times = 0; times < 10; times++) {
        const made = await PrivateDirectory.create(place);
        const swapping = spawn('sh', ['-c', script, 'sh', made.path, outside], { stdio: 'ignore' });
        const end = once(swapping, 'exit');
        await new Promise((resolve) => setTimeout(resolve, 20));
        await made[Symbol.asyncDispose]();
        swapping.kill('SIGKILL');
        await end;
        expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('precious');
        rmSync(made.path, { recursive: true, force: true });
      }
    });
  },
);
