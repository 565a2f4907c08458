import {
  azureBusy,
  closedPort,
  faultSuite,
  httpFaultProxy,
  jsonAnswer,
  silentPort,
} from '@weightseal/fault-proxy';
import { keyWrapperContract, signerContract } from '@weightseal/kms-contract';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../test/fake/certificate.js';
import { connect, newHost } from './emulator.js';

const address = process.env['WEIGHTSEAL_EMULATOR_AZURE'];
const issuer = process.env['WEIGHTSEAL_EMULATOR_AZURE_ENTRA'];

if (address === undefined || issuer === undefined) {
  it.skip('Azure Key Vault emulator (skipped: WEIGHTSEAL_EMULATOR_AZURE and WEIGHTSEAL_EMULATOR_AZURE_ENTRA name none)', () => {});
} else {
  const emulator = await connect(address, issuer);
  const host = newHost();
  const vault = emulator.vault(host);
  const named = { vaultUrl: `https://${host}`, name: 'models' };
  for (const name of ['models', 'others']) await vault.createRsaKey(name, { keySize: 2048 });
  const [silent, closed] = [await silentPort(), await closedPort()];

  /** The same key and versions in another vault, as a restored backup has them, and all of them disabled. */
  const disabledCopy = async () => {
    const copy = emulator.vault(newHost());
    const backup = await vault.backupKey(named.name);
    await copy.restoreKeyBackup(backup!);
    for await (const { version } of copy.listPropertiesOfKeyVersions(named.name)) {
      await copy.updateKeyProperties(named.name, version!, { enabled: false });
    }
    return emulator.mine({ ...named, vaultUrl: copy.vaultUrl });
  };

  keyWrapperContract(
    { describe, it },
    {
      name: 'azure-keyvault-emulator',
      async setup() {
        return {
          wrapper: emulator.mine(named),
          otherKey: emulator.mine({ ...named, name: 'others' }),
          rotate: () => vault.rotateKey(named.name),
          slow: emulator.mine({ ...named, deadlineMs: 600 }, silent),
          missing: emulator.mine({ ...named, name: 'missing' }),
          denied: emulator.stranger(named),
          disabled: await disabledCopy(),
          unavailable: emulator.mine(named, closed),
          secrets: async () => emulator.secrets,
        };
      },
    },
  );

  const kinds = [
    ['P-256', (name: string) => vault.createEcKey(name, { curve: 'P-256' })],
    ['P-384', (name: string) => vault.createEcKey(name, { curve: 'P-384' })],
    ['P-521', (name: string) => vault.createEcKey(name, { curve: 'P-521' })],
    ['RSA', (name: string) => vault.createRsaKey(name, { keySize: 2048 })],
  ] as const;
  await vault.createRsaKey('wrapping', { keySize: 2048, keyOps: ['wrapKey', 'unwrapKey'] });
  for (const [kind, create] of kinds) {
    const signing = { ...named, name: `signing-${kind}` };
    const disabled = { ...named, name: `disabled-${kind}` };
    await create(signing.name);
    const { properties } = await create(disabled.name);
    await vault.updateKeyProperties(disabled.name, properties.version!, { enabled: false });
    signerContract(
      { describe, it },
      {
        name: `a signer of ${kind} on azure-keyvault-emulator`,
        without: { asked: 'it does not count; the fake of the unit tests does' },
        async setup() {
          return {
            signer: emulator.signer(signing),
            unfit: emulator.signer({ ...named, name: 'wrapping' }),
            slow: emulator.signer({ ...signing, deadlineMs: 600 }, silent),
            missing: emulator.signer({ ...named, name: 'missing' }),
            denied: emulator.strangersSigner(signing),
            disabled: emulator.signer(disabled),
            unavailable: emulator.signer(signing, closed),
            secrets: async () => emulator.secrets,
          };
        },
      },
    );
  }

  describe('azure-keyvault-emulator', () => {
    it('tells of a key, rotates it, and keeps its schedule', async () => {
      await vault.createRsaKey('operated', { keySize: 3072 });
      const key = emulator.mine({ ...named, name: 'operated' });
      const before = await key.describe();
      expect(before).toMatchObject({ state: 'enabled', algorithm: 'RSA-OAEP-256', protection: 'software' });
      const version = await key.rotate();
      expect(version).not.toBe(before.primaryVersion);
      expect(await key.describe()).toMatchObject({ primaryVersion: version });
      await key.scheduleRotation(90);
      expect(await key.rotationStatus()).toMatchObject({ automatic: true, everyDays: 90 });
      await key.scheduleRotation(undefined);
      expect(await key.rotationStatus()).toMatchObject({ automatic: false });
    });

    it('shows a deleted key as one that can be recovered', async () => {
      await vault.createRsaKey('deleted', { keySize: 2048 });
      await (await vault.beginDeleteKey('deleted')).pollUntilDone();
      expect(await emulator.mine({ ...named, name: 'deleted' }).describe()).toMatchObject({
        state: 'pending-deletion',
      });
    });
  });

  const tls = selfSigned(['*.vault.azure.net']);
  faultSuite(
    { describe, it },
    {
      name: 'azure-keyvault-emulator',
      busy: azureBusy,
      shortDeadlineMs: 1_000,
      async setup(deadlineMs) {
        const proxy = await httpFaultProxy({ upstream: address.replace('127.0.0.1', 'localhost'), tls });
        const wrapper = emulator.mine({ ...named, deadlineMs }, proxy.port, tls.cert);
        return { wrapper, proxy, secrets: emulator.secrets };
      },
      without: {
        wrongChecksum: 'answers of Key Vault carry no checksum',
        otherKey: 'with our own server, in test/faults.test.ts',
        changedAnswer: 'with our own server, in test/faults.test.ts',
        wrongClock: 'with our own server, in test/faults.test.ts',
      },
      vendor: {
        expiredCredentials: {
          fault: {
            kind: 'answer',
            answer: jsonAnswer(401, { error: { code: 'Unauthorized', message: 'AKV10000' } }),
          },
          code: 'KEY_DENIED',
        },
      },
    },
  );
}
