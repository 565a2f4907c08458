import { ioError, type StoreLocation } from '@weightseal/core';
import { Catalogue } from '../catalogue/catalogue.js';
import { Digests } from '../catalogue/digests.js';
import { Known } from '../catalogue/known.js';
import { Releases } from '../catalogue/list.js';
import type { Root } from '../root/root.js';
import { Pieces } from '../send/pieces.js';
import { Metrics } from './metrics.js';
import { ModelServer } from './model-server.js';
import { checkServerOptions, type ModelServerOptions } from './options.js';

/** Directories that are told of since they cannot be read. */
const MOST_TOLD = 1024;

/**
 * Makes a server of what is sealed in a directory, or at a place in a store; call `listen` then. It shows nothing to whom no rule names, by certificate, and reads only.
 *
 * @throws INVALID_ARGUMENT, INPUT_NOT_FOUND where there is no such directory, IO_ERROR
 */
export async function createModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const checked = checkServerOptions(options);
  const { limits, tls, any } = checked;
  const onProblem = (error: Error) => checked.onProblem(ioError(error, 'look at what is served'));
  const { createSecureServer } = await import('node:http2');
  const http2 = createSecureServer({
    ...tls.tls,
    // Of both: who offers no protocol speaks HTTP/1.1.
    allowHTTP1: true,
    settings: { maxConcurrentStreams: 64, initialWindowSize: 65_535 },
    maxSessionMemory: 32,
  });
  const { headersMs, idleMs } = limits;
  // Those of HTTP/1.1, which its types do not have.
  Object.assign(http2, {
    headersTimeout: headersMs,
    requestTimeout: headersMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.max(50, Math.min(5000, headersMs / 2)),
  });
  tls.serve(http2);
  let hashed = (_bytes: number) => {};
  const root = await rootOf(checked.root, onProblem);
  const digests = new Digests(root, limits.digestMs, (bytes) => hashed(bytes));
  const known = new Known(root, onProblem);
  const catalogue = new Catalogue(root, known, digests, { any, onProblem });
  const releases = new Releases(root, known);
  const parts = { options: checked, root, catalogue, releases, digests, pieces: new Pieces() };
  return new ModelServer(parts, http2, (own) => {
    const metrics = new Metrics({
      connections: { help: 'Connections that are open.', value: () => own.connections },
      running: { help: 'Requests that are being answered.', value: () => own.running },
      ready: { help: 'Whether requests are answered.', value: () => Number(own.ready) },
    });
    hashed = (bytes) => metrics.count('hashed_bytes_total', bytes);
    return metrics;
  });
}

async function rootOf(root: string | StoreLocation, onProblem: (error: Error) => void): Promise<Root> {
  if (typeof root === 'string') {
    const { DirectoryRoot } = await import('../root/directory-root.js');
    return await DirectoryRoot.open(root, once(onProblem));
  }
  const { StoreRoot } = await import('../root/store-root.js');
  return new StoreRoot(root, onProblem);
}

/** Of each path so. */
function once(onProblem: (error: Error) => void): (path: string, error: Error) => void {
  const told = new Set<string>();
  return (path, error) => {
    if (told.has(path) || told.size === MOST_TOLD) return;
    told.add(path);
    onProblem(error);
  };
}
