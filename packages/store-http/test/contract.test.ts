import { randomUUID } from 'node:crypto';
import { closedPort, silentPort } from '@weightseal/fault-proxy';
import { objectStoreContract } from '@weightseal/store-contract';
import { createHttpStore } from '@weightseal/store-http';
import { afterAll, describe, it } from 'vitest';
import { WebServer } from './support/server.js';

const TOKEN = 'Bearer token-of-the-test-0123456789abcdef';
const server = await WebServer.start();
afterAll(() => server[Symbol.asyncDispose]());
server.instead = ({ headers }, response) => {
  if (headers.authorization === TOKEN) return false;
  response.writeHead(401).end();
  return true;
};
const open = (url = server.url, authorization = TOKEN) =>
  createHttpStore(url, { headers: { authorization } });

objectStoreContract(
  { describe, it },
  {
    name: 'A store over https',
    without: {
      write: 'it is read-only',
      list: 'web servers list nothing',
      remove: 'it is read-only',
      unfinished: 'it is read-only',
      copy: 'it is read-only',
      putIfAbsent: 'it is read-only',
      putIfVersion: 'it is read-only',
      uploadIfAbsent: 'it is read-only',
      uploadIfVersion: 'it is read-only',
      removeIfVersion: 'it is read-only',
      copyIfVersion: 'it is read-only',
      onePutWins: 'it is read-only',
      oneUploadWins: 'it is read-only',
      atomic: 'it is read-only',
      oddKeys: 'a key is the path of a URL, escapes and all',
      many: 'it lists nothing',
      missing: 'a host has no buckets',
    },
    setup: async () => ({
      store: open(),
      prefix: `contract/${randomUUID()}`,
      place: async (key, bytes) => server.put(`/${key}`, bytes),
      denied: open(server.url, 'Bearer wrong'),
      unavailable: open(`http://127.0.0.1:${await closedPort()}`),
      silent: open(`http://127.0.0.1:${await silentPort()}`),
      secrets: async () => [Buffer.from(TOKEN)],
    }),
    teardown: async ({ store }) => store.close(),
  },
);
