import { createGcpKey, gcpKeyFromUri } from '@weightseal/kms-gcp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const KEY = 'projects/my-project/locations/europe-west1/keyRings/models/cryptoKeys/weights';
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('the name of a key', () => {
  it.each([
    KEY,
    `${KEY}/cryptoKeyVersions/1`,
    `${KEY}/cryptoKeyVersions/1234567890`,
    'projects/123456789012/locations/global/keyRings/r/cryptoKeys/k',
    'projects/example.com:my-project/locations/us/keyRings/R_1/cryptoKeys/K-2',
    'projects/a.example.co.uk:my-project/locations/nam-eur-asia1/keyRings/r/cryptoKeys/k',
    `projects/abcdef/locations/eur4/keyRings/${'r'.repeat(63)}/cryptoKeys/${'k'.repeat(63)}`,
  ])('%s stands in its URI as it is', (name) => {
    expect(gcpKeyFromUri(`gcp-kms://${name}`).uri).toBe(`gcp-kms://${name}`);
    expect(createGcpKey({ name })).toMatchObject({ provider: 'gcp-kms', uri: `gcp-kms://${name}` });
  });

  it.each([
    ['', 'nothing'],
    ['projects/my-project', 'a project'],
    ['projects/my-project/locations/global/keyRings/models', 'a key ring'],
    [`/${KEY}`, 'a slash before it'],
    [`${KEY}/`, 'a slash after it'],
    [KEY.replace('models', ''), 'an empty part'],
    [KEY.replace('models', 'mo dels'), 'a blank'],
    [KEY.replace('models', '..'), 'dots'],
    [KEY.replace('models', 'mod%65ls'), 'an escape'],
    [KEY.replace('models', 'm'.repeat(64)), 'a key ring that is too long'],
    [KEY.replace('weights', 'k'.repeat(64)), 'a key that is too long'],
    [KEY.replace('weights', 'weights:decrypt'), 'a method'],
    [KEY.replace('my-project', 'My-Project'), 'capitals in the project'],
    [KEY.replace('my-project', 'short'), 'a project of five characters'],
    [KEY.replace('my-project', 'p'.repeat(31)), 'a project of 31 characters'],
    [KEY.replace('my-project', 'my-project-'), 'a project that ends in a hyphen'],
    [KEY.replace('my-project', 'example:my-project'), 'a domain without a dot'],
    [KEY.replace('my-project', '0123'), 'a project number that starts with 0'],
    [KEY.replace('europe-west1', 'Europe'), 'capitals in the location'],
    [`${KEY}/cryptoKeyVersions/0`, 'version 0'],
    [`${KEY}/cryptoKeyVersions/01`, 'version 01'],
    [`${KEY}/cryptoKeyVersions/latest`, 'a version that is no number'],
    [`${KEY}/cryptoKeyVersions/`, 'an empty version'],
    [KEY.replace('projects', 'folders'), 'a folder'],
  ])('%s is refused: %s', (name) => {
    expect(() => gcpKeyFromUri(`gcp-kms://${name}`)).toThrow(code('KEY_URI_INVALID'));
    expect(() => createGcpKey({ name })).toThrow(code('INVALID_ARGUMENT'));
  });

  it.each([
    `gcp-kms:${KEY}`,
    `gcp-kms:///${KEY}`,
    `GCP-KMS://${KEY}`,
    `aws-kms://${KEY}`,
    `gcp-kms://${KEY}?version=1`,
    `gcp-kms://${KEY}#1`,
    `gcp-kms://user:secret@${KEY}`,
    `gcp-kms://${KEY}\n`,
  ])('%j is no URI of a key, and is not repeated', (uri) => {
    expect(() => gcpKeyFromUri(uri)).toThrow(code('KEY_URI_INVALID'));
    expect(() => gcpKeyFromUri(uri)).not.toThrow(/secret|my-project/);
  });
});

it('whatever a URI says, it comes out as it went in or is KEY_URI_INVALID', () => {
  const pieces = [
    ...KEY.split('/'),
    '..',
    '.',
    '%2e',
    '@',
    ':',
    '#',
    '?',
    '1',
    'cryptoKeyVersions',
    '//',
    'é',
    '__proto__',
  ];
  const body = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => all.join('/'));
  const changed = fc.tuple(fc.nat(KEY.length), fc.string({ maxLength: 3 }));
  const near = changed.map(([at, text]) => KEY.slice(0, at) + text + KEY.slice(at));
  fc.assert(
    fc.property(fc.oneof(fc.string(), body, near), (one) => {
      const uri = `gcp-kms://${one}`;
      try {
        expect(gcpKeyFromUri(uri).uri).toBe(uri);
      } catch (error) {
        expect(error).toEqual(code('KEY_URI_INVALID'));
      }
    }),
    { numRuns: 2000 },
  );
});

describe('the options of a key', () => {
  const client = { initialize: async () => ({}) as never, innerApiCalls: {} };

  it.each([
    ['a transport that there is not', { transport: 'http2' as 'grpc' }],
    ['a client and a transport', { client, transport: 'rest' as const }],
    ['a client and options for another', { client, clientOptions: {} }],
    ['a deadline of nothing', { deadlineMs: 0 }],
    ['no name', { name: undefined as never }],
    ['a name that is no text', { name: { length: 1e10 } as never }],
  ])('cannot hold %s', (_, options) => {
    expect(() => createGcpKey({ name: KEY, ...options })).toThrow(code('INVALID_ARGUMENT'));
  });
});
