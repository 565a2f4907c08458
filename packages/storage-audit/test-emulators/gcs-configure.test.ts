import { randomUUID } from 'node:crypto';
import { applyPlan, auditGcs, bearerSend, gcsStorage, planUndo, type Undo } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { askingKms, KEY } from '../test/gcs/recorded.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_GCP_STORAGE_EMULATOR';
const url = process.env[VARIABLE];

describe.skipIf(!url)(`configured on gcp-storage-emulator, skipped unless ${VARIABLE} is its URL`, () => {
  if (!url) return;
  const send = bearerSend({ origin: url, token: async () => undefined });

  it('a new bucket passes its audit, and is put back', async () => {
    const name = `configure-${randomUUID()}`;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ name, location: 'EUROPE-WEST3' });
    await fetch(`${url}/storage/v1/b?project=weightseal-test`, { method: 'POST', headers, body });
    const storage = gcsStorage(name, send, { kms: askingKms() });
    const states = async () =>
      Object.fromEntries(
        await Promise.all(
          ['encryption', 'versioning', 'lifecycle', 'public-access-prevention'].map(
            async (setting) => [setting, (await storage.read(setting)).value] as const,
          ),
        ),
      );
    const was = await states();
    let kept: Undo | undefined;
    const keep = (undo: Undo) => {
      kept = undo;
    };
    const plan = await storage.plan({ key: KEY });
    expect(await applyPlan(storage, plan, { keep })).toMatchObject({ notTried: [], done: plan.changes });
    const ask = (path: string, call: object) => send('GET', path, undefined, call);
    const findings = await auditGcs(name, ask, { expectedKey: KEY, kms: askingKms() });
    const passed = findings.filter(({ outcome }) => outcome === 'passed').map(({ check }) => check);
    expect(passed).toEqual(expect.arrayContaining(plan.changes.flatMap(({ checks }) => checks)));
    const back = await planUndo(storage, kept!);
    expect(await applyPlan(storage, back, { keep: () => {} })).toMatchObject({
      notTried: [],
      done: back.changes,
    });
    const set = { versioning: false, lifecycle: { rule: [] }, 'public-access-prevention': 'inherited' };
    expect(await states()).toEqual({ ...was, ...set });
  });
});
