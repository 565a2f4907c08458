import { fileURLToPath } from 'node:url';
import { type Command, execute } from '../process.ts';

const BIN: string = fileURLToPath(new URL('../../../cli/dist/bin.js', import.meta.url));
/** Only encrypted and authenticated, as with other tools: no SHA-256 of the plaintext, and none of what is sealed. */
export const BARE = ['--no-digest', '--no-manifest'] as const;
const CONTEXT = ['--context', 'model=bench', '--context', 'version=1'] as const;

/** Our command line, as a user runs it. */
export class Weightseal {
  readonly keyPath: string;

  private constructor(keyPath: string) {
    this.keyPath = keyPath;
  }

  static async create(keyPath: string): Promise<Weightseal> {
    await execute([process.execPath, BIN, 'keygen', keyPath], { capture: true });
    return new Weightseal(keyPath);
  }

  seal(input: string, output: string, extra: readonly string[] = []): Command {
    const label = ['weightseal seal', ...extra].join(' ');
    return { label, output, argv: this.#argv('seal', input, '-o', output, ...extra) };
  }

  open(input: string, output: string): Command {
    return { label: 'weightseal open', output, argv: this.#argv('open', input, '-o', output) };
  }

  /** Opens to a stdout that nobody keeps. */
  openToNowhere(input: string): Command {
    return { label: 'weightseal open -o -', argv: this.#argv('open', input, '-o', '-') };
  }

  verify(input: string, extra: readonly string[] = []): Command {
    return { label: ['weightseal verify', ...extra].join(' '), argv: this.#argv('verify', input, ...extra) };
  }

  /** With no key. */
  verifyManifest(input: string): Command {
    const argv = [process.execPath, BIN, 'verify', input, '--no-key', '--quiet'];
    return { label: 'weightseal verify --no-key', argv };
  }

  sign(input: string, pem: string): Command {
    const argv = [process.execPath, BIN, 'sign', input, '--signer', `pem:${pem}`, '--force', '--quiet'];
    return { label: 'weightseal sign', argv };
  }

  run(input: string, command: readonly string[]): Command {
    return { label: 'weightseal run', argv: this.#argv('run', input, '--', ...command) };
  }

  rewrap(input: string): Command {
    return { label: 'weightseal rewrap', argv: this.#argv('rewrap', input) };
  }

  /** Copies what is sealed from place to place, and opens nothing. */
  cp(from: string, to: string): Command {
    return { label: 'weightseal cp', output: to, argv: [process.execPath, BIN, 'cp', from, to, '--quiet'] };
  }

  /** Certificates for servers and clients on this machine. */
  devCa(directory: string): Command {
    return { label: 'weightseal dev-ca', argv: [process.execPath, BIN, 'dev-ca', directory, '--quiet'] };
  }

  /** What runs `weightseal serve` with the certificates in `tls`. */
  serve(models: string, tls: string, clients: string, listen: string): readonly string[] {
    const shown = ['--tls-cert', `${tls}/server.pem`, '--tls-key', `${tls}/server-key.pem`];
    const whom = ['--tls-ca', `${tls}/ca.pem`, '--clients', clients, '--dev'];
    return [process.execPath, BIN, 'serve', models, '--quiet', '--listen', listen, ...shown, ...whom];
  }

  /** What is released at a URI, by whoever has the private key of `publicKey`. */
  pull(from: string, to: string, tls: string, publicKey: string): Command {
    const shown = ['--tls-cert', `${tls}/client.pem`, '--tls-key', `${tls}/client-key.pem`];
    const whom = ['--tls-ca', `${tls}/ca.pem`, '--dev', '--public-key', publicKey];
    const argv = [process.execPath, BIN, 'pull', from, to, '--quiet', ...shown, ...whom];
    return { label: 'weightseal pull', output: to, argv };
  }

  #argv(command: string, input: string, ...rest: readonly string[]): string[] {
    return [
      process.execPath,
      BIN,
      command,
      input,
      '--quiet',
      '--key',
      `local:${this.keyPath}`,
      ...CONTEXT,
      ...rest,
    ];
  }
}
