import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bufferSource, type Context, sealBundle, sealToFile, type WeightsealError } from '@weightseal/core';
import {
  type AccessRecord,
  createModelServer,
  type ListenOptions,
  type ModelServer,
  type ModelServerOptions,
} from '@weightseal/serve';
import { type AuthorisationRules, ReloadingTls, type ServerTls } from '@weightseal/transit';
import { MemoryKey } from '../../../core/test/support/memory-key.ts';
import { pattern } from '../../../core/test/support/sealed.ts';
import { authority, client, type Made, server, spiffe } from '../../../transit/test/support/authorities.ts';

// An authority, a server of models, and whoever comes to it.

const key = new MemoryKey('models');

export async function sealFile(path: string, context: Context, bytes = 100_000): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await sealToFile(bufferSource(pattern(bytes, bytes)), path, { keys: [key], context });
}

export async function sealModel(path: string, context: Context, text = 'weights'): Promise<void> {
  const plain = `${path}.plain`;
  await mkdir(join(plain, 'sub'), { recursive: true });
  await writeFile(join(plain, 'model.bin'), text.repeat(5000));
  await writeFile(join(plain, 'config.json'), '{}');
  await writeFile(join(plain, 'sub/.hidden'), 'a member whose name begins with a dot');
  await mkdir(dirname(path), { recursive: true });
  await sealBundle(plain, path, { keys: [key], context, public: ['config.json'] });
}

export const EVERYTHING: AuthorisationRules = {
  clients: [{ names: ['spiffe://prod/serving/*'], models: ['**'] }],
};

export interface World extends AsyncDisposable {
  readonly server: ModelServer;
  readonly port: number;
  readonly root: Made;
  readonly tls: ReloadingTls<ServerTls>;
  /** Each request that is over, and each handshake that was refused. */
  readonly log: readonly AccessRecord[];
  readonly problems: readonly WeightsealError[];
  /** Resolves with the first record that fits, now or later. */
  logged(fits: (record: AccessRecord) => boolean): Promise<AccessRecord>;
}

export interface Wanted extends Omit<ModelServerOptions, 'tls' | 'rules'> {
  readonly rules?: AuthorisationRules;
  readonly tls?: ReloadingTls<ServerTls>;
  readonly listen?: ListenOptions;
}

let known: Promise<{ root: Made; own: Made }> | undefined;

/** One authority for all tests of a file. */
export function authorities(): Promise<{ root: Made; own: Made }> {
  known ??= (async () => {
    const root = await authority();
    return { root, own: await server(root) };
  })();
  return known;
}

export async function world({ tls: given, listen, ...wanted }: Wanted): Promise<World> {
  const { root, own } = await authorities();
  const pem = (text: string) => ({ pem: text });
  const tls =
    given ??
    (await ReloadingTls.create({
      role: 'server',
      certificate: pem(own.pem),
      key: pem(own.key),
      ca: pem(root.pem),
    }));
  const log: AccessRecord[] = [];
  const problems: WeightsealError[] = [];
  const waiting = new Set<() => void>();
  const created = await createModelServer({
    rules: EVERYTHING,
    onAccess: (record) => {
      log.push(record);
      for (const look of waiting) look();
    },
    onProblem: (error) => problems.push(error),
    ...wanted,
    tls,
  });
  const { port } = await created.listen(listen);
  return {
    server: created,
    port,
    root,
    tls,
    log,
    problems,
    logged: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = log.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      await created.close();
      await tls.close();
    },
  };
}

/** A client's certificate of that authority. */
export async function visitor(id = 'spiffe://prod/serving/a', of?: Made): Promise<Made> {
  return await client(of ?? (await authorities()).root, { names: spiffe(id) });
}
