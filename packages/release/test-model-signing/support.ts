import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  compareWithDirectory,
  MODEL_PREDICATE,
  parseStatement,
  resourcesOfDirectory,
  type Signing,
  signStatement,
  statementOf,
  type TrustedSigner,
  verifyStatement,
} from '@weightseal/release';
import { afterAll } from 'vitest';
import type { Made } from '../test/support/authorities.ts';
import { signerOf } from '../test/support/signers.ts';

// What `.ci/model-signing.mjs` has installed: the reference implementation of OpenSSF Model Signing.
export const tool = process.env['WEIGHTSEAL_MODEL_SIGNING'];
export const why = 'skipped unless pnpm test:model-signing runs it';

const base = mkdtempSync(join(tmpdir(), 'model-signing-'));
afterAll(() => rmSync(base, { recursive: true }));

let count = 0;
export const place = (name: string) => join(base, `${++count}-${name}`);
export const file = (name: string, content: string | Uint8Array) => {
  const path = place(name);
  writeFileSync(path, content);
  return path;
};

/** Runs the reference implementation: whether it succeeds, and what it says. */
export function reference(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(tool!, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { good: status === 0, said: `${stdout}${stderr}` };
}

/** A model of 200 files in directories, some with names that need care. */
export function newModel(): string {
  const model = place('model');
  const write = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(model, name)), { recursive: true });
    writeFileSync(join(model, name), content);
  };
  for (let at = 0; at < 196; at++) write(`shards/${at % 7}/${at % 3}-${at}.bin`, `shard ${at}`);
  write('config.json', '{}');
  write('shards-extra/größe und name.bin', Buffer.alloc(3_000_000, 'x'));
  write('.hidden', '');
  write('日本語/モデル', 'x');
  write('.git/HEAD', 'not part of the model');
  return model;
}

export async function signHere(model: string, how: Signing, allowSymlinks = false): Promise<string> {
  const resources = await resourcesOfDirectory(model, { allowSymlinks });
  const payload = statementOf(resources, { name: 'model', allowSymlinks });
  return file('ours.sig', await signStatement(payload, how));
}

export async function verifyHere(model: string, signature: string, trusted: TrustedSigner): Promise<void> {
  const { payload } = await verifyStatement(readFileSync(signature), [trusted], {
    predicateType: MODEL_PREDICATE,
  });
  await compareWithDirectory(parseStatement(payload), model);
}

export const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }) as string;
export const certificate = ({ der }: Made) => new X509Certificate(der).toString();

export function newKey(namedCurve: string) {
  const keys = generateKeyPairSync('ec', { namedCurve });
  const signer = signerOf(keys);
  return {
    signer,
    trusted: { key: signer.spki },
    privateKey: file('private.pem', pem(keys.privateKey)),
    publicKey: file('public.pem', pem(keys.publicKey)),
  };
}
