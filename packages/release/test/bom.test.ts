import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { MANIFEST_NAME, rewrapBundle, SIGNATURE_NAME, sealToFile } from '@weightseal/core';
import { bomOf, signRelease } from '@weightseal/release';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryKey } from '../../core/test/support/memory-key.ts';
import { documentOf } from '../src/bom/document.ts';
import { cycloneDx } from '../src/bom/library.ts';
import type { Signature } from '../src/bom/properties.ts';
import { serialNumberOf } from '../src/bom/serial-number.ts';
import { refused } from './support/refused.ts';
import { freePath, manifestOf, released, sealed } from './support/releases.ts';
import { newSigner } from './support/signers.ts';

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly 'bom-ref': string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
  readonly externalReferences?: readonly object[];
}

interface Bom {
  readonly specVersion: string;
  readonly version: number;
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: Component; readonly tools: object };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

const validator = new JsonStrictValidator(Version.v1dot6);

/** Once the official schema of CycloneDX 1.6 takes it, and nothing that it does not know is in it. */
async function valid(text: string): Promise<Bom> {
  expect(await validator.validate(text)).toBeNull();
  return JSON.parse(text) as Bom;
}

const said = ({ properties }: Component, name: string): string[] =>
  properties.filter((one) => one.name === name).map(({ value }) => value);

const CONTEXT = { model: 'acme/llama', stage: 'prod' };
const [alice, bob] = [newSigner(), newSigner()];
const trusted = [{ key: alice.spki }];

describe('a bill of materials', () => {
  test('is valid, and says what the manifest says', async () => {
    const bundle = await sealed({ context: CONTEXT, name: 'acme/llama', version: '3.1' });
    const { manifest, digest } = await manifestOf(bundle);
    const bom = await valid(await bomOf(bundle));
    const { component, timestamp, tools } = bom.metadata;
    expect(bom).toMatchObject({ specVersion: '1.6', version: 1, serialNumber: serialNumberOf(digest) });
    expect(component).toMatchObject({ type: 'machine-learning-model', name: 'acme/llama', version: '3.1' });
    expect(Date.parse(timestamp)).toBe(Date.parse(manifest.created));
    expect(tools).toMatchObject({ components: [{ type: 'application', name: 'weightseal' }] });
    expect(said(component, 'weightseal:release:kind')).toEqual(['bundle']);
    expect(said(component, 'weightseal:release:id')).toEqual([Buffer.from(manifest.id).toString('hex')]);
    expect(said(component, 'weightseal:release:manifest:sha256')).toEqual([digest]);
    expect(said(component, 'weightseal:context:stage')).toEqual(['prod']);
    expect(bom.dependencies[0]).toEqual({
      ref: component['bom-ref'],
      dependsOn: bom.components.map((one) => one['bom-ref']),
    });
  });

  test('would not pass for one where it is none', async () => {
    const text = await bomOf(await sealed());
    for (const [from, to] of [
      ['machine-learning-model', 'model'],
      ['"alg": "SHA-256"', '"alg": "SHA256"'],
      ['"name": "weightseal"', '"called": "weightseal"'],
    ] as const) {
      expect(text).toContain(from);
      expect(await validator.validate(text.replace(from, to))).not.toBeNull();
    }
  });

  test('has each file of the release as it lies there, and nothing else', async () => {
    const bundle = await sealed();
    const { manifest } = await manifestOf(bundle);
    const { components } = await valid(await bomOf(bundle));
    expect(components.map(({ name }) => name)).toEqual(manifest.files.map(({ path }) => path));
    for (const component of components) {
      const bytes = await readFile(join(bundle, component.name));
      expect(component.type).toBe('file');
      expect(component.hashes).toEqual([
        { alg: 'SHA-256', content: createHash('sha256').update(bytes).digest('hex') },
      ]);
      expect(said(component, 'weightseal:file:size')).toEqual([String(bytes.length)]);
      const kind = component.name === 'config.json' ? 'public' : 'sealed';
      expect(said(component, 'weightseal:file:kind')).toEqual([kind]);
    }
  });

  test('has the same bytes wherever the release lies', async () => {
    const bundle = await released(alice);
    const copy = freePath('elsewhere');
    await cp(bundle, copy, { recursive: true });
    expect(await bomOf(copy, { signers: trusted })).toBe(await bomOf(bundle, { signers: trusted }));
  });

  test('says who can open it, without the wraps, and is a newer one after a rewrap', async () => {
    const bundle = await sealed();
    const before = await valid(await bomOf(bundle));
    await rewrapBundle(bundle, { keys: [new MemoryKey('one')], add: [new MemoryKey('two')] });
    const text = await bomOf(bundle);
    const after = await valid(text);
    const recipients = after.metadata.component.properties.filter(({ name }) =>
      name.startsWith('weightseal:recipient:'),
    );
    expect(recipients.map(({ value }) => value)).toEqual([
      new MemoryKey('one').uri,
      new MemoryKey('two').uri,
    ]);
    expect(after.serialNumber).toBe(before.serialNumber);
    expect(after.version).toBe(before.version + 1);
    const envelope = JSON.parse(await readFile(join(bundle, 'weightseal.json'), 'utf8')) as {
      readonly slots: readonly { readonly wrapped?: string }[];
    };
    for (const wrap of JSON.stringify(envelope.slots).match(/[\w-]{43,}/g) ?? [])
      expect(text).not.toContain(wrap);
    expect(await bomOf(bundle, { recipients: false })).not.toContain('weightseal:recipient');
  });

  test('of a sealed file is of its payload, once there is a manifest', async () => {
    const plain = freePath('model.bin');
    await writeFile(plain, 'weights');
    const file = `${plain}.sealed`;
    await sealToFile(plain, file, {
      keys: [new MemoryKey('one')],
      context: {},
      manifest: false,
    });
    await refused(() => bomOf(file), 'MANIFEST_MISSING');
    await signRelease(file, { signer: alice }, { release: { version: '2' } });
    const { metadata, components } = await valid(await bomOf(file, { signers: trusted }));
    expect(metadata.component).toMatchObject({ name: basename(file), version: '2' });
    expect(metadata.component.externalReferences).toEqual([
      { type: 'digital-signature', url: `${basename(file)}.${SIGNATURE_NAME}` },
    ]);
    const { manifest } = await manifestOf(file);
    expect(components.map(({ name, hashes }) => [name, hashes[0]?.content])).toEqual([
      [basename(file), manifest.files[0]!.sha256],
    ]);
  });

  test('takes a serial number that is one', async () => {
    const bundle = await sealed();
    const serialNumber = 'urn:uuid:f81d4fae-7dec-41d0-a765-00a0c91e6bf6';
    expect(await valid(await bomOf(bundle, { serialNumber }))).toMatchObject({ serialNumber });
    await refused(() => bomOf(bundle, { serialNumber: 'urn:uuid:1' }), 'INVALID_ARGUMENT', /urn:uuid/);
    await refused(() => bomOf(bundle, { signer: trusted } as object), 'INVALID_ARGUMENT', /signers/);
  });

  test('ends when it is told to', async () => {
    const bundle = await sealed();
    await refused(() => bomOf(bundle, { signal: AbortSignal.abort() }), 'ABORTED');
  });
});

describe('the signature', () => {
  const signature = ({ metadata: { component } }: Bom) => said(component, 'weightseal:signature');

  test('is told to be there, or not, where nobody has asked whose it is', async () => {
    const none = await valid(await bomOf(await sealed()));
    expect(signature(none)).toEqual(['none']);
    expect(none.metadata.component.externalReferences).toBeUndefined();
    const unasked = await valid(await bomOf(await released(alice)));
    expect(signature(unasked)).toEqual(['not verified']);
    expect(JSON.stringify(unasked)).not.toContain('weightseal:signer');
  });

  test('is verified first, where there is a signer, and the document says whose it is', async () => {
    const bundle = await released(alice);
    const bom = await valid(await bomOf(bundle, { signers: trusted }));
    expect(signature(bom)).toEqual(['verified']);
    const fingerprint = createHash('sha256').update(alice.spki).digest('hex');
    expect(said(bom.metadata.component, 'weightseal:signer:key:sha256')).toEqual([fingerprint]);
  });

  test('of nobody who is trusted, of another manifest, or that is not there gives no document', async () => {
    const bundle = await released(alice);
    const signers = [{ key: bob.spki }];
    await refused(() => bomOf(bundle, { signers }), 'SIGNER_UNTRUSTED');
    await refused(() => bomOf(bundle, { signers: [] }), 'SIGNER_UNTRUSTED');
    const other = await released(alice, { text: 'other' });
    await cp(join(other, SIGNATURE_NAME), join(bundle, SIGNATURE_NAME));
    await refused(() => bomOf(bundle, { signers: trusted }), 'SIGNATURE_MISMATCH');
    await rm(join(bundle, SIGNATURE_NAME));
    await refused(() => bomOf(bundle, { signers: trusted }), 'SIGNATURE_MISSING');
    await cp(join(other, MANIFEST_NAME), join(bundle, MANIFEST_NAME));
    await refused(() => bomOf(bundle), 'MANIFEST_MISMATCH');
  });
});

describe('whatever stands in a manifest, the document is valid and says it', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const hex = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('hex'));
  const signedBy: fc.Arbitrary<Signature> = fc.oneof(
    fc.constantFrom('none' as const, 'not verified' as const),
    fc.record({ kind: fc.constant('key' as const), fingerprint: hex }),
    fc.record({ kind: fc.constant('sigstore' as const), identity: text, issuer: text }),
    fc.record({
      kind: fc.constant('certificate' as const),
      subject: text,
      identities: fc.array(text, { maxLength: 3 }),
      fingerprint: hex,
    }),
  );
  const manifest = fc.record(
    {
      kind: fc.constantFrom('bundle' as const, 'file' as const),
      id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      context: fc.dictionary(text, fc.string({ unit: 'grapheme', maxLength: 20 }), { maxKeys: 4 }),
      files: fc.uniqueArray(
        fc.record({ path: text, size: fc.maxSafeNat(), sha256: hex }, { noNullPrototype: true }),
        { selector: ({ path }) => path, minLength: 1, maxLength: 5 },
      ),
      name: text,
      version: text,
      previous: hex,
      created: fc
        .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      tool: text,
    },
    { requiredKeys: ['kind', 'id', 'context', 'files', 'created', 'tool'], noNullPrototype: true },
  );

  test('by any names', async () => {
    const library = await cycloneDx();
    await fc.assert(
      fc.asyncProperty(manifest, hex, signedBy, async (one, digest, signature) => {
        const read = { manifest: one, digest, bytes: new Uint8Array() };
        const serialNumber = serialNumberOf(digest);
        const parts = { read, signature, recipients: [], version: 1, serialNumber };
        const made = documentOf(parts, library);
        expect(documentOf(parts, library)).toBe(made);
        const { metadata, components, serialNumber: number } = await valid(made);
        expect(number).toBe(serialNumber);
        for (const [name, value] of Object.entries(one.context))
          expect(said(metadata.component, `weightseal:context:${name}`)).toEqual([value]);
        expect(components.map(({ name, hashes }) => [name, hashes[0]?.content])).toEqual(
          one.files.map(({ path, sha256 }) => [path, sha256]),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('and its serial number is a UUID of version 8, of the digest', () => {
    fc.assert(
      fc.property(hex, (digest) => {
        const number = serialNumberOf(digest);
        expect(number).toMatch(
          /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        expect(number.slice('urn:uuid:'.length, 'urn:uuid:'.length + 8)).toBe(digest.slice(0, 8));
      }),
    );
  });
});
