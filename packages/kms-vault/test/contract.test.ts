import { silentPort } from '@weightseal/fault-proxy';
import { keyWrapperContract } from '@weightseal/kms-contract';
import { createVaultKey, type VaultKeyOptions } from '@weightseal/kms-vault';
import { afterAll, describe, it } from 'vitest';
import { FakeVault } from './fake/server.js';

const [fake, sealed] = [await FakeVault.start(), await FakeVault.start()];
sealed.sealed = true;
afterAll(() => Promise.all([fake[Symbol.asyncDispose](), sealed[Symbol.asyncDispose]()]));
const TOKEN = 'hvs.CAESIJ0token0of0one0who0may0do0everything';
const STRANGER = 'hvs.CAESIJ0token0of0one0who0may0do0nothing0';
fake.tokens.set(TOKEN, ['*']).set(STRANGER, []);
const silent = `http://127.0.0.1:${await silentPort()}`;

const kinds = [
  ['aes256-gcm96', { type: 'aes256-gcm96' }, true],
  ['aes256-gcm96, derived', { type: 'aes256-gcm96', derived: true }, true],
  [
    'chacha20-poly1305 of a Vault before 1.13, which ignores associated data',
    { type: 'chacha20-poly1305' },
    false,
  ],
] as const;

for (const [index, [kind, settings, knowsAssociatedData]] of kinds.entries()) {
  const names = { name: `models${index}`, other: `others${index}`, deleted: `deleted${index}` };
  const made = Object.values(names).map((name) => fake.create(name, settings));
  for (const key of made) key.knowsAssociatedData = knowsAssociatedData;
  made[2]!.softDeleted = true;
  const key = (options: Partial<VaultKeyOptions> = {}) =>
    createVaultKey({ address: fake.address, name: names.name, token: TOKEN, ...options });

  keyWrapperContract(
    { describe, it },
    {
      name: kind,
      async setup() {
        const wrapper = key();
        return {
          wrapper,
          otherKey: key({ name: names.other }),
          rotate: () => wrapper.rotate(),
          slow: key({ address: silent, deadlineMs: 400 }),
          missing: key({ name: 'missing' }),
          denied: key({ token: STRANGER }),
          disabled: key({ name: names.deleted }),
          unavailable: key({ address: sealed.address }),
          secrets: async () => [TOKEN, STRANGER].map((token) => Buffer.from(token)),
        };
      },
    },
  );
}
