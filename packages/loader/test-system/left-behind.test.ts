import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Ran, sweep } from '@weightseal/loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MARK } from '../src/owner.js';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { Child, CLI, type Held, holder, isRoot, outcomeOf } from './support/child.js';
import { markedPlaintext, under } from './support/marker.js';
import { MemoryPlace } from './support/place.js';

const { plaintext, marker } = markedPlaintext(300_000);
let model: SealedModel & AsyncDisposable;
/** Where links lead to, and what is mounted. */
let outside: string;
beforeAll(async () => {
  model = await sealedModel(0, { plaintext });
  outside = mkdtempSync(join(tmpdir(), 'weightseal-outside-'));
  writeFileSync(join(outside, 'precious'), 'precious');
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  rmSync(outside, { recursive: true });
});

/** `$d` in the script is the directory that the model lies in, $1 the model, $2 what is outside. */
function words(flags: readonly string[], script: string): string[] {
  const whole = `d=$(dirname "$1"); ${script}`;
  const run = [process.execPath, CLI, 'run', model.path, '--key', model.keyUri, ...flags, '--'];
  return [...run, 'sh', '-ec', whole, 'sh', '{model}', outside];
}

const COPIES: Record<string, string> = {
  'in a directory': 'mkdir "$d/np"; cp "$1" "$d/np/weights.npy"',
  'deep below, and hidden':
    'mkdir -p "$d/.a/b/c"; cp "$1" "$d/.a/b/c/.d"; chmod 500 "$d/.a/b"; chmod 0 "$d/.a"',
  'beside it, under a name that is no text': 'cp "$1" "$d/$(printf "\\377")"',
  'beside it, with the mark removed': `mkdir "$d/np"; cp "$1" "$d/np/x"; rm "$d/${MARK}" 2>/dev/null || :`,
  'and links that lead out': 'mkdir "$d/np"; cp "$1" "$d/np/x"; ln -s "$2" "$d/np/out"; ln -s "$2" "$d/out"',
};
const PLACES: Record<string, string[]> = {
  'in a tmpfs of its own': ['--where', 'own'],
  'on a tmpfs that is there': ['--where', 'existing'],
  'on one that is there, with a name': ['--where', 'existing', '--named'],
};

describe.runIf(isRoot)('what a command copies beside the model (as root)', () => {
  describe.each(Object.entries(PLACES))('%s', (_, flags) => {
    test.each(Object.entries(COPIES))('%s goes with it', async (__, script) => {
      const { code, stdout, stderr } = await outcomeOf(words([...flags, '--json'], `${script}; echo "$d"`));
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stderr)).toMatchObject({ left: [] });
      expect(existsSync(stdout.trim())).toBe(false);
      expect(under('/dev/shm', marker)).toEqual([]);
      expect(readdirSync(outside)).toEqual(['precious']);
    });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('goes when %s ends it', async (signal) => {
    using place = new MemoryPlace();
    const script = 'mkdir "$d/np"; cp "$1" "$d/np/x"; echo "copied"; read -r _';
    await using child = new Child(words(['--quiet', '--named', '--directory', place.path], script));
    await child.said('copied');
    expect(under(place.path, marker)).toHaveLength(2);
    child.child.kill(signal);
    await child.ended;
    expect(readdirSync(place.path)).toEqual([]);
  });

  test.each(['return', 'exit', 'uncaught', 'SIGTERM'])(
    'goes when the process that loaded it ends by %s',
    async (end) => {
      using place = new MemoryPlace();
      await using child = holder({
        path: model.path,
        keyFile: join(model.directory, 'key'),
        options: { directory: place.path },
      });
      const { path } = await child.json<Held>('loaded');
      const beside = join(dirname(path), 'np/a');
      mkdirSync(beside, { recursive: true });
      copyFileSync(path, join(beside, 'x'));
      if (end === 'SIGTERM') await child.kill(end);
      else child.tell(end);
      await child.ended;
      expect(readdirSync(place.path)).toEqual([]);
    },
  );

  /** A run that was killed while its command had made what the script says. */
  async function killed(place: MemoryPlace, script: string): Promise<string> {
    await using child = new Child(
      words(['--quiet', '--named', '--directory', place.path], `${script}; echo "at $d"; read -r _`),
    );
    const path = await child.said('at');
    await child.kill();
    return path;
  }

  test('and kill -9 has left, a sweep removes', async () => {
    using place = new MemoryPlace();
    const path = await killed(
      place,
      'mkdir -p "$d/np/a"; cp "$1" "$d/np/a/x"; ln -s "$2" "$d/np/out"; mkfifo "$d/np/p"',
    );
    expect(under(place.path, marker)).toHaveLength(2);
    expect(await sweep({ directories: [place.path] })).toEqual({ removed: [path], kept: [] });
    expect(readdirSync(place.path)).toEqual([]);
    expect(readdirSync(outside)).toEqual(['precious']);
  });

  test('stays while a process has it open or mapped, however deep', async () => {
    using place = new MemoryPlace();
    const path = await killed(place, 'mkdir -p "$d/np/a"; cp "$1" "$d/np/a/x"');
    await using reader = new Child(['sh', '-c', 'exec 4<"$1/np/a/x"; echo open; read -r _', 'sh', path]);
    await reader.said('open');
    const kept = [{ path, why: 'in-use' }];
    expect(await sweep({ directories: [place.path] })).toEqual({ removed: [], kept });
    reader.tell('');
    await reader.ended;
    expect((await sweep({ directories: [place.path] })).removed).toEqual([path]);
  });

  test('is told of by a sweep, and not touched, when the command has removed our mark', async () => {
    using place = new MemoryPlace();
    const path = await killed(place, `mkdir "$d/np"; cp "$1" "$d/np/x"; rm "$d/${MARK}"`);
    const kept = [{ path, why: 'unmarked' }];
    expect(await sweep({ directories: [place.path] })).toEqual({ removed: [], kept });
    expect(under(place.path, marker)).toHaveLength(2);
    const { stdout } = await outcomeOf([process.execPath, CLI, 'sweep', place.path]);
    expect(stdout).toMatch(/kept ".*": it lacks our mark/);
  });

  /** Whatever is mounted there ends with the namespace. */
  const MOUNTS: Record<string, string> = {
    'a mount of the same file system':
      'mkdir "$d/other" "$d/a/b"; echo x >"$d/other/x"; mount --bind "$OTHER" "$d/a/b"',
    'a mount of another': 'mkdir "$d/a/b"; mount -t tmpfs t "$d/a/b"; echo y >"$d/a/b/y"',
    'a file that something is mounted on': ': >"$d/a/b"; mount --bind "$2/precious" "$d/a/b"',
  };
  test.each(Object.entries(MOUNTS))('stays and is told where it cannot be removed: %s', async (_, mount) => {
    using place = new MemoryPlace();
    const other = place.at('other');
    mkdirSync(other);
    writeFileSync(join(other, 'precious'), 'precious');
    const script = `mkdir "$d/a"; cp "$1" "$d/a/x"; ${mount}; exit 7`;
    const flags = ['--named', '--directory', place.path];
    const inside = ['unshare', '--mount', 'env', `OTHER=${other}`];
    const asJson = await outcomeOf([...inside, ...words([...flags, '--json'], script)]);
    const { left, path, exitCode } = JSON.parse(asJson.stderr) as Ran;
    const directory = dirname(path);
    expect([asJson.code, exitCode, left]).toEqual([7, 7, [join(directory, 'a/b')]]);
    expect(readFileSync(join(other, 'precious'), 'utf8')).toBe('precious');
    expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('precious');
    expect(under(directory, marker), 'all else is gone').toEqual([]);
    // A sweep still knows it, now that nothing is mounted there any more.
    expect(readlinkSync(join(directory, MARK))).toBe(basename(directory));
    expect((await sweep({ directories: [place.path] })).removed).toEqual([directory]);
    const asText = await outcomeOf([...inside, ...words([...flags, '--quiet'], script)]);
    expect(asText.code).toBe(7);
    expect(asText.stderr).toMatch(/warning: ".*\/a\/b" could not be removed/);
  });
});
