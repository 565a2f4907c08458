// A process of its own, which judges one release by a channel in a store that says something else each time.
import { readFileSync } from 'node:fs';
import { createTrust } from '@weightseal/release';

const { key, release, channels } = JSON.parse(readFileSync(0, 'utf8'));
let shown = Buffer.alloc(0);
const store = {
  uri: 'memory://channels',
  async read(name, { offset, length }) {
    const object = { key: name, size: shown.length, version: '1' };
    const piece = shown.subarray(offset, offset + length);
    return {
      object,
      body: (async function* () {
        yield piece;
      })(),
    };
  },
  async close() {},
};
const signers = [{ key: Buffer.from(key, 'base64') }];
const trust = createTrust([{ model: '**', signers, channel: { at: { store, key: 'llama' } } }]);
const unopened = {
  kind: 'bundle',
  name: 'it',
  context: release.context,
  id: Buffer.from(release.id, 'base64'),
  table: { digest: Buffer.from(release.table.digest, 'base64'), size: release.table.size },
  read: async (name) => Buffer.from(release.documents[name], 'base64'),
};
for (const { counter, text } of channels) {
  shown = Buffer.from(text);
  const code = await trust.judge(unopened, {}).then(
    () => 'taken',
    (error) => error.code ?? String(error),
  );
  process.stdout.write(`${JSON.stringify({ counter, code })}\n`);
}
