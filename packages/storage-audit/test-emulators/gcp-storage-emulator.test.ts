import { randomUUID } from 'node:crypto';
import { auditGcs, bearerAsk, type Finding } from '@weightseal/storage-audit';
import { describe, expect, it } from 'vitest';
import { askingKms, BUCKET, KEY, POLICY } from '../test/gcs/recorded.js';

const VARIABLE = 'WEIGHTSEAL_EMULATOR_GCP_STORAGE_EMULATOR';
const url = process.env[VARIABLE];

/** It keeps what buckets are set up with, and what is bound to them. */
describe.skipIf(!url)(`gcp-storage-emulator, skipped unless ${VARIABLE} is its URL`, () => {
  if (!url) return;
  const ask = bearerAsk({ origin: url, token: async () => undefined });

  async function send(method: string, path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/storage/v1/b${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path} has the status ${answer.status}`);
    await answer.arrayBuffer();
  }

  async function bucket(): Promise<string> {
    const name = `audit-${randomUUID()}`;
    await send('POST', '?project=weightseal-test', { name });
    return name;
  }

  const outcomes = (findings: readonly Finding[]) =>
    Object.fromEntries(findings.map(({ check, outcome }) => [check.replace('gcs/', ''), outcome]));

  it('has a new bucket, which fails', async () => {
    expect(outcomes(await auditGcs(await bucket(), ask))).toEqual({
      'default-key': 'failed',
      'default-key-enabled': 'inapplicable',
      'default-key-rotation': 'inapplicable',
      'uniform-access': 'failed',
      'public-access-prevention': 'failed',
      'public-bindings': 'passed',
      'public-acls': 'passed',
      retention: 'failed',
      'retention-locked': 'inapplicable',
      'soft-delete': 'passed',
      versioning: 'failed',
      logging: 'failed',
      'incomplete-uploads': 'failed',
    });
  });

  it('has one that is set up right, which passes', async () => {
    const name = await bucket();
    const { encryption, iamConfiguration, retentionPolicy, versioning, logging, lifecycle } = BUCKET;
    await send('PATCH', `/${name}`, {
      encryption,
      iamConfiguration,
      retentionPolicy,
      versioning,
      logging,
      lifecycle,
    });
    await send('PUT', `/${name}/iam`, { bindings: POLICY.bindings });
    const found = outcomes(await auditGcs(name, ask, { expectedKey: KEY, kms: askingKms() }));
    const { 'public-acls': acls, ...others } = found;
    expect(acls).toBe('inapplicable');
    expect(new Set(Object.values(others))).toEqual(new Set(['passed']));
    const other = outcomes(await auditGcs(name, ask, { expectedKey: `${KEY}2` }));
    expect(other['default-key']).toBe('failed');
  });

  it('has one that is open to everybody, in both ways', async () => {
    const name = await bucket();
    await send('PUT', `/${name}/iam`, {
      bindings: [...POLICY.bindings, { role: 'roles/storage.objectViewer', members: ['allUsers'] }],
    });
    await send('PATCH', `/${name}`, {
      defaultObjectAcl: [{ entity: 'allAuthenticatedUsers', role: 'READER' }],
    });
    const found = await auditGcs(name, ask);
    expect(outcomes(found)).toMatchObject({ 'public-bindings': 'failed', 'public-acls': 'failed' });
    const open = found.filter(({ severity }) => severity === 'critical');
    expect(open.map(({ evidence }) => evidence)).toEqual([
      'allUsers has roles/storage.objectViewer.',
      'Open to everybody: the list for new objects names allAuthenticatedUsers.',
    ]);
  });

  it('has one whose soft delete was switched off', async () => {
    const name = await bucket();
    await send('PATCH', `/${name}`, { softDeletePolicy: { retentionDurationSeconds: '0' } });
    expect(outcomes(await auditGcs(name, ask))).toMatchObject({ 'soft-delete': 'failed' });
  });

  it('has no bucket of another name', async () => {
    const found = await auditGcs(`audit-${randomUUID()}`, ask);
    expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(['unread']));
  });
});
