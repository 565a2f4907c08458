import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleModel } from '../src/bundle.js';
import type { Ran, RunEvent, RunOptions } from '../src/run/options.js';
import { runWith } from '../src/run/run.js';
import { asTree } from '../src/run/run-model.js';
import { bytesOf, type Contents, modelDirectory, plainBundle } from './support/plain-bundle.js';

const contents = modelDirectory();
let work = '';
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'weightseal-run-tree-'));
  for (const [path, what] of Object.entries(contents)) {
    if (what === null || 'to' in what) continue;
    await mkdir(join(work, 'plain', dirname(path)), { recursive: true });
    await writeFile(join(work, 'plain', path), bytesOf(what));
  }
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

type More = Partial<RunOptions>;

/** Until the plaintext was looked at, and wiped where nobody uses it. */
const UNTIL_RELEASED = 'until [ -e "$2/../released" ]; do sleep 0.02; done';

/** What a script said that was run on a directory: $1 is that, $2 where the plain files are. */
async function run(
  script: string,
  more: More = {},
  what: Contents = contents,
): Promise<{ readonly ran: Ran; readonly said: string; readonly events: RunEvent[] }> {
  const out = join(work, 'out');
  writeFileSync(out, '');
  const events: RunEvent[] = [];
  const command = ['sh', '-c', `exec >>"$3" 2>&1; ${script}`, 'sh', '{model}', join(work, 'plain'), out];
  const onEvent = (event: RunEvent) => {
    events.push(event);
    // What waits for it is told that it was looked at.
    if (event.event === 'released') writeFileSync(join(work, 'released'), '');
  };
  rmSync(join(work, 'released'), { force: true });
  const options: RunOptions = { keys: [], command, onEvent, ...more };
  const ran = await runWith('/models/tiny.sealed', options, async () =>
    asTree(bundleModel(plainBundle(what))),
  );
  return { ran, said: readFileSync(out, 'utf8'), events };
}

/** What became of it: when it was ready, when the command had ended meanwhile, and in the end. */
const howIn = (events: readonly RunEvent[]): unknown[] =>
  events.flatMap((event) => (event.event === 'released' ? [event.how] : []));

function ours(): string[] {
  return readdirSync('/dev/shm').filter((name) => new RegExp(`^weightseal-\\d+-${process.pid}-`).test(name));
}

const PLACES: Record<string, More> = {
  'in a mount namespace of its own': { where: 'own' },
  'on a tmpfs that is there': { where: 'existing' },
};
const root = process.platform === 'linux' && process.geteuid?.() === 0;

describe.runIf(root)('a command runs on a directory (as root)', () => {
  describe.each(Object.entries(PLACES))('%s', (_, where) => {
    test('which it finds by argument, variable and descriptor, under its name, and its real path', async () => {
      const script =
        'for f in $(cd "$2" && find . -type f -name "[a-z]*.[a-z]*" ! -name "* *"); do cmp "$1/$f" "$2/$f" || echo "$f differs"; done; ' +
        '[ "$1" = "$WEIGHTSEAL_MODEL_PATH" ] && [ "$(realpath "$1")" = "$1" ] && basename "$1"; ls /proc/self/fd/$WEIGHTSEAL_MODEL_FD/; stat -c "%F %a %h" "$1/config.json" "$1/onnx" "$1/backend.so"';
      const { said, ran } = await run(script, where);
      expect(said).toBe(
        `tiny-model\n${readdirSync(join(work, 'plain')).concat('vacant').sort().join('\n')}\nregular file 400 1\ndirectory 500 2\nregular file 400 1\n`.replace(
          'directory 500 2',
          'directory 500 3',
        ),
      );
      expect(ran).toMatchObject({ exitCode: 0, released: 'wiped', left: [], written: [] });
      expect(ours()).toEqual([]);
    });

    test('with names and links that are kept, and absent ones that are absent', async () => {
      const { said } = await run(
        'cmp "$1/onnx/latest" "$2/onnx/weights/模型 [1].bin" && readlink "$1/onnx/latest"; cat "$1/adapter_config.json"; ls "$1/vacant" | wc -l',
        where,
      );
      expect(said).toMatch(/^weights\/模型 \[1\]\.bin\ncat: .*: No such file or directory\n0\n$/);
    });

    test('that goes when it has loaded it, where it says so, but for what it has open', async () => {
      const script = `exec 9<"$1/config.json"; echo >&4; ${UNTIL_RELEASED}; cat <&9; cat "$1/config.json"`;
      const { said, events, ran } = await run(script, { ...where, release: 'on-ready' });
      expect(said).toMatch(/^\{"model_type":"tiny"\}cat: .*: No such file or directory\n$/);
      expect(howIn(events)).toEqual(['open', 'wiped', 'wiped']);
      expect(ran.released).toBe('wiped');
      expect(ours()).toEqual([]);
    });

    test('beside which it can write where it says so, and the weights stay as they are', async () => {
      const script =
        'echo engine >"$1/model.engine" && echo lock >"$1/onnx/lock" && mkdir "$1/cache" && cat "$1/model.engine" "$1/onnx/lock"; cmp "$1/config.json" "$2/config.json"';
      const { said, ran } = await run(script, { ...where, writableBeside: true });
      expect(said).toBe('engine\nlock\n');
      expect(ran).toMatchObject({ exitCode: 0, released: 'wiped', left: [] });
      expect(ours()).toEqual([]);
    });

    test('whose caches are led into memory, and gone with it', async () => {
      const script =
        'for v in "$HF_HOME" "$XDG_CACHE_HOME" "$TORCHINDUCTOR_CACHE_DIR" "$VLLM_CACHE_ROOT" "$CUDA_CACHE_PATH" "$TMPDIR"; do [ -d "$v" ] && stat -f -c %T "$v" && echo x >"$v/x"; done; ' +
        'printf "#!/bin/sh\\necho ran" >"$TRITON_CACHE_DIR/s" && chmod +x "$TRITON_CACHE_DIR/s" && "$TRITON_CACHE_DIR/s"; case $HF_TOKEN_PATH in *weightseal*) echo moved;; esac';
      const { said, ran } = await run(script, { ...where, privateCaches: true, privateTmp: true });
      expect(said).toBe(`${'tmpfs\n'.repeat(6)}ran\n`);
      expect(ran.left).toEqual([]);
      expect(ours()).toEqual([]);
    });
  });

  test('in its own place nobody writes to it, root neither, nor beside it through another path', async () => {
    const script =
      'echo x >"$1/new"; echo x >>"$1/config.json"; rm -f "$1/config.json"; mv "$1/onnx" "$1/x"; mkdir "$1/onnx/y"; chmod 700 "$1"; grep -c weightseal- /proc/self/mounts';
    const { said } = await run(script, { where: 'own' });
    expect(said.match(/Read-only file system/g)).toHaveLength(6);
    // The file system, and the directory in it.
    expect(said).toMatch(/\n2\n$/);
  });

  test('nothing in it can be executed unless that is allowed', async () => {
    const what = { 'run.sh': { run: Buffer.from('#!/bin/sh\necho ran\n') } };
    expect((await run('"$1/run.sh"', { where: 'own' }, what)).said).toMatch(/denied/);
    for (const more of [{}, { writableBeside: true }])
      expect((await run('"$1/run.sh"', { where: 'own', allowExec: true, ...more }, what)).said).toBe('ran\n');
  });

  test('the layers under what is writable are seen by nobody', async () => {
    const { said } = await run('ls -A "$1/../.layers"; echo x >"$1/../.layers/x"', {
      where: 'own',
      writableBeside: true,
    });
    expect(said).toMatch(/^sh: .*(Read-only file system|nonexistent|denied).*\n$/);
  });

  test('what is mapped through the writable layer is not wiped under its user', async () => {
    const map =
      'import mmap,os,sys\nf=os.open(sys.argv[1]+"/config.json",os.O_RDONLY)\nm=mmap.mmap(f,0,prot=mmap.PROT_READ)\nos.close(f)\nos.write(4,b"\\n")\nimport time\nwhile not os.path.exists(sys.argv[2]): time.sleep(0.02)\nprint(m[:].decode())';
    const { said, events } = await run(`python3 -c '${map}' "$1" "$2/../released"`, {
      where: 'own',
      writableBeside: true,
      release: 'on-ready',
    });
    expect(said).toBe('{"model_type":"tiny"}\n');
    expect(howIn(events)).toEqual(['mapped', 'wiped', 'wiped']);
  });

  test.each([{}, { writableBeside: true }])(
    'another user gets it where it is given to that one: %j',
    async (more) => {
      for (const where of Object.values(PLACES)) {
        const owned =
          'setpriv --reuid 12345 --regid 12345 --clear-groups sh -c \'cat "$1/config.json"; ls "$1/onnx" | head -1; echo x 2>/dev/null >"$1/new" && cat "$1/new"\' sh "$1"';
        const other = 'setpriv --reuid 12346 --regid 12346 --clear-groups cat "$1/config.json"';
        const { said } = await run(`${owned}; ${other}`, { ...where, ...more, owner: { uid: 12_345 } });
        expect(said).toMatch(
          new RegExp(
            `^\\{"model_type":"tiny"\\}latest\\n${more.writableBeside ? 'x\\n' : ''}cat: .*denied\\n$`,
          ),
        );
      }
      expect(ours()).toEqual([]);
    },
  );

  test('what it writes past its caches is told', async () => {
    const home = join(work, 'home');
    process.env['HOME'] = home;
    const script = `mkdir -p "$HOME/.cache/own" && echo weights >"$HOME/.cache/own/copy" && echo x >${work}/elsewhere`;
    const { ran } = await run(script, { privateCaches: true });
    expect(ran.written).toContainEqual({ path: join(home, '.cache/own/copy'), bytes: 8 });
    expect((await run(script)).ran.written).toEqual([]);
  });
});
