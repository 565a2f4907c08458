import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killLater } from '../process.ts';
import { freePort } from './port.ts';
import type { Weightseal } from './weightseal.ts';

/** A server of the directory `models`, in a process of its own. */
export class TlsServer implements AsyncDisposable {
  readonly url: string;
  /** The same without TLS, where it has that. */
  readonly plainUrl: string | undefined;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, plainPort?: number) {
    this.url = `https://127.0.0.1:${port}`;
    this.plainUrl = plainPort === undefined ? undefined : `http://127.0.0.1:${plainPort}`;
    this.#child = child;
  }

  /** `weightseal serve`, to the client of the development authority in `tls`. */
  static async weightseal(weightseal: Weightseal, models: string, tls: string): Promise<TlsServer> {
    const port = await freePort();
    const rules = { clients: [{ names: ['spiffe://dev.localhost/client'], models: ['**'] }] };
    const clients = join(tls, 'clients.json');
    writeFileSync(clients, JSON.stringify(rules));
    return await TlsServer.#started(weightseal.serve(models, tls, clients, `127.0.0.1:${port}`), port);
  }

  /** nginx with the same certificates: TLS 1.3 only, and a client's is asked for. One process for each processor, as it is mostly run. */
  static async nginx(models: string, tls: string): Promise<TlsServer> {
    const [port, plainPort] = [await freePort(), await freePort()];
    const directory = join(tls, 'nginx');
    mkdirSync(directory);
    const config = join(directory, 'nginx.conf');
    writeFileSync(config, configuration({ models, tls, directory, port, plainPort }));
    return await TlsServer.#started(['nginx', '-c', config, '-p', directory], port, plainPort);
  }

  static async #started([program, ...words]: readonly string[], port: number, plainPort?: number) {
    const nowhere = openSync('/dev/null', 'w');
    const child = spawn(program!, words, { stdio: ['ignore', nowhere, 'pipe'] });
    closeSync(nowhere);
    killLater(child);
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${program} ended: ${said.trim().slice(-500)}`);
      if (await answers(port)) return new TlsServer(child, port, plainPort);
      await delay(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    if (this.#child.kill('SIGTERM')) await ended;
  }
}

interface Nginx {
  readonly models: string;
  readonly tls: string;
  readonly directory: string;
  readonly port: number;
  readonly plainPort: number;
}

function configuration({ models, tls, directory, port, plainPort }: Nginx): string {
  return `daemon off; pid ${directory}/pid; error_log stderr; worker_processes auto; user root;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; root ${models};
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi; uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  server { listen 127.0.0.1:${plainPort}; }
  server {
    listen 127.0.0.1:${port} ssl; ssl_protocols TLSv1.3; ssl_buffer_size 16k;
    ssl_certificate ${tls}/server.pem; ssl_certificate_key ${tls}/server-key.pem;
    ssl_client_certificate ${tls}/ca.pem; ssl_verify_client on;
  }
}
`;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
