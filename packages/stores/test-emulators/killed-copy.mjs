// Copies a sealed file to a store, says so when two of its parts have been taken, and sends no more: to be killed.
import { copySealed } from '@weightseal/core';
import { SERVERS } from './servers.ts';

const [name, url, path, key] = process.argv.slice(2);
const store = await SERVERS.find((server) => server.name === name).store(url);
let parts = 0;
const limited = async (begun) => {
  const upload = await begun;
  const send = upload.part.bind(upload);
  upload.part = async (part, call) => {
    if (part.index > 1) await new Promise(() => {});
    await send(part, call);
    // The record is written before the next turn but one.
    if (++parts === 2) setTimeout(() => process.stdout.write('.'), 100);
  };
  return upload;
};
const slow = { ...store, upload: (...of) => limited(store.upload(...of)) };
await copySealed(path, {
  store: slow,
  key,
  tuning: { partBytes: 6 * 2 ** 20, deadlineMs: 600_000, requestTimeoutMs: 600_000 },
});
