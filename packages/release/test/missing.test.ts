import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { sealed } from './support/releases.ts';

// As where no library of Sigstore and CycloneDX is installed.
const HOOKS = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (!/^@(?:sigstore|cyclonedx)\\//.test(specifier)) return next(specifier, context);
    throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  },
});`)}`;

const PROGRAM = `
import { generateKeyPairSync, sign } from 'node:crypto';
import { bomOf, MODEL_PREDICATE, signStatement, statementOf, verifyStatement } from '@weightseal/release';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = publicKey.export({ type: 'spki', format: 'der' });
const signer = { provider: 'test', uri: 'test:', publicKey: async () => key, sign: async (bytes) => sign('sha256', bytes, privateKey) };
const payload = statementOf([], { name: 'model' });
const bundle = await signStatement(payload, { signer });
await verifyStatement(bundle, [{ key }], { predicateType: MODEL_PREDICATE });
const keyless = JSON.parse(Buffer.from(bundle).toString());
keyless.verificationMaterial = { certificate: { rawBytes: 'MAA=' }, tlogEntries: [{}] };
const sigstore = { identity: 'a', issuer: 'b', trustedRoot: 'c' };
for (const attempt of [
  () => signStatement(payload, { sigstore: { identityToken: 'a' } }),
  () => verifyStatement(Buffer.from(JSON.stringify(keyless)), [{ sigstore }], { predicateType: MODEL_PREDICATE }),
  () => bomOf(process.argv[1]),
])
  await attempt().catch(({ code, message }) => console.log(code, message));
`;

it('without these libraries keys work, and whoever needs them is told how to install them', async (context) => {
  if (!('registerHooks' in process.getBuiltinModule('node:module')))
    return context.skip('this Node cannot hide a package');
  const args = ['--import', HOOKS, '--input-type=module', '-e', PROGRAM, await sealed()];
  const said = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: 'utf8' });
  expect(said.trim().split('\n')).toEqual([
    expect.stringMatching(/^PROVIDER_MISSING .*npm install @sigstore\/bundle /),
    expect.stringMatching(/^PROVIDER_MISSING .*npm install @sigstore\/bundle /),
    expect.stringMatching(/^PROVIDER_MISSING .*npm install @cyclonedx\/cyclonedx-library$/),
  ]);
});
