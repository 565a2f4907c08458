import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SealedModel, sealedModel } from '../test/support/sealed-model.js';
import { freePort } from './support/free-port.js';
import { hasSaid } from './support/run.js';

const CLI = fileURLToPath(new URL('../../cli/dist/bin.js', import.meta.url));
const SIZE = 3_000_001;
let model: SealedModel & AsyncDisposable;

beforeAll(async () => {
  model = await sealedModel(SIZE, { context: { model: 'llama' } });
  writeFileSync(join(model.directory, 'plain'), model.plaintext);
});
afterAll(() => model[Symbol.asyncDispose]());

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function start(flags: string[], command: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const args = [
    'run',
    model.path,
    '--key',
    model.keyUri,
    '--context',
    'model=llama',
    ...flags,
    '--',
    ...command,
  ];
  const rest = { ...process.env, ...env };
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return spawn(process.execPath, [CLI, ...args], { cwd: model.directory, env: rest, stdio: [...stdio] });
}

async function outcome(child: ChildProcess): Promise<Outcome> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  // Others may be at work on the same machine.
  const ours = new RegExp(`^weightseal-[0-9]+-${child.pid}-`);
  expect(readdirSync('/dev/shm').filter((name) => ours.test(name))).toEqual([]);
  return { stdout, stderr, code, signal };
}

const run = (flags: string[], script: string, env?: NodeJS.ProcessEnv): Promise<Outcome> =>
  outcome(start(flags, ['sh', '-c', script, 'sh', '{model}'], env));

const PLACES: Record<string, string[]> = {
  'in a mount namespace of its own': ['--where', 'own'],
  'in one of its own, with a name': ['--where', 'own', '--named'],
  'on a tmpfs that is there': ['--where', 'existing'],
  'on one that is there, with a name': ['--where', 'existing', '--named'],
};
const root = process.platform === 'linux' && process.geteuid?.() === 0;
/** A name in the model's directory that no other test has. */
let names = 0;
const ownName = () => `own-${names++}`;

// Side by side: most of each is waiting.
describe.runIf(root).concurrent('a command runs on the plaintext (as root)', () => {
  describe.each(Object.entries(PLACES))('%s', (name, flags) => {
    test('which it finds by argument, variable and descriptor', async () => {
      const script =
        'cmp "$1" plain && cmp "$WEIGHTSEAL_MODEL_PATH" plain && cmp /proc/self/fd/$WEIGHTSEAL_MODEL_FD plain && basename "$1" && stat -L -c "%h %a %s" "$1"';
      const nameless = !name.includes('with a name');
      expect(await run([...flags, '--quiet'], script)).toEqual({
        stdout: `model.onnx\n${nameless ? 0 : 1} 400 ${SIZE}\n`,
        stderr: '',
        code: 0,
        signal: null,
      });
    });

    test('also after resolving links, where the plaintext has a path of its own', async () => {
      const { code } = await run(flags, 'cmp "$(realpath "$1")" plain');
      // A link to a descriptor leads nowhere when it is resolved: docs/loading.md says what to do then.
      expect(code).toBe(name === 'on a tmpfs that is there' ? 2 : 0);
    });

    test('with its exit code passed on', async () => {
      expect((await run(flags, 'exit 7')).code).toBe(7);
      expect((await run(flags, 'kill -9 $$')).code).toBe(128 + 9);
      expect((await outcome(start(flags, ['/no/such/command']))).code).toBe(127);
      expect((await outcome(start(flags, ['/etc/passwd']))).code).toBe(126);
    });

    test('with signals passed on', async () => {
      const child = start(flags, [
        'sh',
        '-c',
        'trap "echo term; exit 3" TERM; echo up; while :; do sleep 0.05; done',
      ]);
      await once(child.stdout!, 'data');
      child.kill('SIGTERM');
      expect(await outcome(child)).toMatchObject({ stdout: 'term\n', code: 3 });
    });

    test('without core dumps, and with the mask for new files that it would have', async () => {
      const { stdout } = await run(flags, 'ulimit -c; ulimit -H -c; cat /proc/self/coredump_filter; umask');
      expect(stdout).toBe(`0\n0\n00000000\n${process.umask().toString(8).padStart(4, '0')}\n`);
    });

    test('without what opens keys in its environment', async () => {
      const secrets = {
        WEIGHTSEAL_PASSPHRASE: 'p',
        VAULT_TOKEN: 't',
        AWS_SECRET_ACCESS_KEY: 's',
        AZURE_CLIENT_SECRET: 'c',
      };
      const kept = { OTHER: 'o', AWS_REGION: 'r' };
      const script = `env | grep -E '^(${Object.keys({ ...secrets, ...kept }).join('|')})=' | sort`;
      expect((await run(flags, script, { ...secrets, ...kept })).stdout).toBe('AWS_REGION=r\nOTHER=o\n');
      const keeping = await run([...flags, '--keep-env', 'VAULT_TOKEN'], script, { ...secrets, ...kept });
      expect(keeping.stdout).toBe('AWS_REGION=r\nOTHER=o\nVAULT_TOKEN=t\n');
    });

    test('with no descriptor of ours but the model, and that one only for reading', async () => {
      const { stdout } = await run(flags, 'ls /proc/$$/fd; echo x >&3');
      // 10 and above are the shell's own.
      expect(stdout.split('\n').filter((fd) => fd && Number(fd) < 10)).toEqual(['0', '1', '2', '3']);
    });

    test('which is wiped when the command says that it is ready, and stays where something maps it', async () => {
      const ready = [...flags, '--release', 'on-ready'];
      const released = await run(
        ready,
        'echo ready >&$WEIGHTSEAL_READY_FD; while [ -s "$1" ]; do sleep 0.02; done; stat -L -c %s "$1" 2>/dev/null || echo gone',
      );
      expect(['0\n', 'gone\n']).toContain(released.stdout);
      expect(released.stderr).toMatch(/note: the plaintext was overwritten/);
      const script =
        'import mmap,os,sys,time; f=open(sys.argv[1],"rb"); m=mmap.mmap(f.fileno(),0,prot=mmap.PROT_READ); os.write(int(os.environ["WEIGHTSEAL_READY_FD"]),b"\\n")\nwhile not os.path.exists(sys.argv[2]): time.sleep(0.02)\nprint(m[:]==open("plain","rb").read())';
      const told = join(model.directory, ownName());
      const mapped = start(ready, ['python3', '-c', script, '{model}', told]);
      const ended = outcome(mapped);
      try {
        await hasSaid(mapped, 'note: a process maps the plaintext');
        writeFileSync(told, '');
        expect(await ended).toMatchObject({ stdout: 'True\n', code: 0 });
      } finally {
        rmSync(told, { force: true });
      }
    });
  });

  describe.each(Object.entries(PLACES))('%s, it is not wiped under whoever has it open', (_, flags) => {
    const ready = [...flags, '--release', 'on-ready', '--json'];
    const released = (stderr: string) => (JSON.parse(stderr) as { released: string }).released;

    test.each([
      ['which the command has opened', 'f=open(sys.argv[1],"rb",buffering=0)'],
      ['which it has opened by its descriptor', 'f=open("/proc/self/fd/3","rb",buffering=0)'],
      [
        'which it has opened in the place of the one that it had',
        'os.close(3); f=open(sys.argv[1],"rb",buffering=0)',
      ],
      [
        'which it has opened in the place of the one that it had, as programs do that leave no trace',
        'os.close(3); f=os.fdopen(os.open(sys.argv[1],os.O_RDONLY|os.O_NOATIME),"rb",buffering=0); assert f.fileno()==3',
      ],
      ['which it has duplicated', 'f=os.fdopen(os.dup(3),"rb",buffering=0)'],
    ])('%s', async (__, opening) => {
      const script = `import os,sys,time\n${opening}\nos.write(4,b"\\n"); time.sleep(0.5); print(f.read()==open("plain","rb").read())`;
      const { stdout, stderr, code } = await outcome(start(ready, ['python3', '-c', script, '{model}']));
      expect({ stdout, code }).toEqual({ stdout: 'True\n', code: 0 });
      expect(released(stderr)).toBe('wiped');
    });

    test('which a process has opened that it has started', async () => {
      const script =
        'import subprocess,sys; p=subprocess.Popen([sys.executable,"-c","import sys,time; f=open(sys.argv[1],\'rb\',buffering=0); print(f.fileno(),flush=True); time.sleep(0.6); print(f.read()==open(\'plain\',\'rb\').read())",sys.argv[1]],stdout=subprocess.PIPE); p.stdout.readline(); open(4,"w").write("x"); print(p.stdout.read().decode().strip())';
      const { stdout, code } = await outcome(start(ready, ['python3', '-c', script, '{model}']));
      expect({ stdout, code }).toEqual({ stdout: 'True\n', code: 0 });
    });

    test('and is wiped where others have but inherited the descriptor', async () => {
      const script =
        "sh -c 'echo x >&4; while [ -s /proc/self/fd/3 ]; do sleep 0.05; done; stat -L -c %s /proc/self/fd/3'; true";
      expect((await run(ready, script)).stdout).toBe('0\n');
    });

    test('after the command has ended, by what it has started', async ({ expect }) => {
      const [go, told] = [ownName(), ownName()];
      const reader = `exec 9<"$1"; exec 3<&-; echo up; until [ -e ${go} ]; do sleep 0.02; done; cmp - plain <&9 && echo same`;
      const script = `(${reader}) >${told} 2>&1 & until grep -qs up ${told}; do sleep 0.02; done`;
      const { stderr, code } = await outcome(
        start([...flags, '--json'], ['sh', '-c', script, 'sh', '{model}']),
      );
      // A process of ours that may not be looked into, of another test, counts as one that maps it.
      expect(['open', 'mapped']).toContain(released(stderr));
      expect(code).toBe(0);
      writeFileSync(join(model.directory, go), '');
      const said = () => readFileSync(join(model.directory, told), 'utf8');
      await expect.poll(said, { timeout: 30_000 }).toMatch(/same|differ|EOF/);
      expect(said()).toBe('up\nsame\n');
    });
  });

  test('no directory shows where it is mounted, nor what is there', async () => {
    const child = start(['--where', 'own'], ['sh', '-c', 'echo "$WEIGHTSEAL_MODEL_PATH"; exec sleep 60']);
    const [path] = await once(child.stdout!.setEncoding('utf8'), 'data');
    const directory = String(path)
      .trim()
      .replace(/\/[^/]*$/, '');
    expect(readdirSync(directory)).toEqual(['.weightseal']);
    child.kill('SIGTERM');
    await outcome(child);
  });

  test.each([
    ['--where', 'own'],
    ['--where', 'own', '--named'],
  ])('a model in a tmpfs of its own cannot be written to: %s %s %s', async (...flags) => {
    const script =
      'for f in "$1" /proc/self/fd/3; do (echo evil >"$f") 2>/dev/null && echo wrote; done; cmp "$1" plain && echo same';
    expect((await run(flags, script)).stdout).toBe('same\n');
  });

  test('what cannot be looked into counts as mapping it', async () => {
    // A process that is not dumpable hides its mappings from others of its user; root without capabilities is such another.
    const script =
      'import ctypes,mmap,os,sys,time; ctypes.CDLL(None).prctl(4,0,0,0,0); m=mmap.mmap(3,0,prot=mmap.PROT_READ); os.write(4,b"\\n"); time.sleep(0.5); print(m[:]==open("plain","rb").read())';
    const flags = ['--where', 'existing', '--release', 'on-ready'];
    const args = ['run', model.path, '--key', model.keyUri, '--context', 'model=llama', ...flags, '--'];
    const drop = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all', '--'];
    const words = [...drop, process.execPath, CLI, ...args, 'python3', '-c', script];
    const child = spawn(words[0]!, words.slice(1), {
      cwd: model.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(await outcome(child)).toMatchObject({ stdout: 'True\n', code: 0 });
  });

  test('a URL that answers before the command has begun tells nothing, and is refused', async () => {
    const other = createHttpServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const url = `http://127.0.0.1:${(other.address() as { port: number }).port}/health`;
      const refused = await run(['--release', 'on-ready', '--ready-url', url], 'echo started');
      expect(refused).toMatchObject({ stdout: '', code: 2 });
      expect(refused.stderr).toMatch(/answers at 127.0.0.1:[0-9]+ already/);
    } finally {
      other.close();
    }
  });

  test('readiness can be told by a URL too', async () => {
    const port = await freePort();
    const server =
      'import http.server,sys,threading,time\nclass H(http.server.BaseHTTPRequestHandler):\n  def do_GET(s):\n    s.send_response(200 if s.path=="/health" else 404); s.end_headers()\n  def log_message(s,*a): pass\nh=http.server.HTTPServer(("127.0.0.1",int(sys.argv[1])),H)\nthreading.Thread(target=h.serve_forever,daemon=True).start()\nimport os\nwhile True:\n  if os.stat(os.environ["WEIGHTSEAL_MODEL_PATH"]).st_size==0: print("wiped"); break\n  time.sleep(0.05)';
    const url = `http://127.0.0.1:${port}/health`;
    const flags = ['--release', 'on-ready', '--ready-url', url];
    expect(await outcome(start(flags, ['python3', '-c', server, String(port)]))).toMatchObject({
      stdout: 'wiped\n',
      code: 0,
    });
  });

  test('a refused file starts no command, and gives its own exit code', async () => {
    const refused = await outcome(start(['--context', 'version=9'], ['sh', '-c', 'echo started']));
    expect(refused).toMatchObject({ stdout: '', code: 5 });
    expect(refused.stderr).toMatch(/CONTEXT_MISMATCH/);
  });

  test('a signal before the command has begun stops all of it', async () => {
    const child = start([], ['sh', '-c', 'echo started']);
    await sleep(60);
    child.kill('SIGTERM');
    const { stdout, code } = await outcome(child);
    // By then it may have been done, or not even listening.
    expect([143, 0, null]).toContain(code);
    if (code !== 0) expect(stdout).toBe('');
  });

  test('what there is to tell is one JSON object on standard error', async () => {
    const { stdout, stderr } = await run(['--json'], 'echo mine; exit 4');
    expect(stdout).toBe('mine\n');
    expect(JSON.parse(stderr)).toMatchObject({
      exitCode: 4,
      size: SIZE,
      placement: { kind: 'own-tmpfs', nameless: true },
      released: 'wiped',
      contextChecked: true,
    });
  });
});
