import { isWeightsealError } from '@weightseal/core';
import { createPkcs11Key, pkcs11KeyFromUri } from '@weightseal/kms-pkcs11';
import { describe, expect, it } from 'vitest';

const module = '/usr/lib/hsm.so';
const uriOf = (uri: string) => pkcs11KeyFromUri(uri, { module }).uri;

function refusal(uri: string): string {
  try {
    pkcs11KeyFromUri(uri, { module });
  } catch (error) {
    expect(isWeightsealError(error) && error.code).toBe('KEY_URI_INVALID');
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

describe('a URI of RFC 7512', () => {
  it('names a key by its label, and its token by what the token says of itself', () => {
    const uri =
      'pkcs11:object=my-key;token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;serial=0815;type=secret-key';
    expect(uriOf(uri)).toBe(
      'pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil%2C%20Inc.;model=1.0;serial=0815;object=my-key;type=secret-key',
    );
  });

  it('names a key by its id, every byte of which is encoded', () => {
    expect(uriOf('pkcs11:id=%69%95%3E%5C%F4%BD%EC%91')).toBe(
      'pkcs11:id=%69%95%3E%5C%F4%BD%EC%91;type=secret-key',
    );
    expect(uriOf('pkcs11:id=i%953%ba')).toBe('pkcs11:id=%69%95%33%BA;type=secret-key');
  });

  it.each([
    ['a percent sign', 'My%20token%25%20created%20by%20Joe', 'My%20token%25%20created%20by%20Joe'],
    ['a semicolon', 'A%20name%20with%20a%20substring%20%25%3B', 'A%20name%20with%20a%20substring%20%25%3B'],
    ['letters beyond ASCII', 'small%20A%20with%20acute:%20%C3%A1', 'small%20A%20with%20acute%3A%20%C3%A1'],
    ['an ampersand', 'R&D', 'R%26D'],
    ['brackets and the like', "[a]:@!$'()*+,=", '%5Ba%5D%3A%40%21%24%27%28%29%2A%2B%2C%3D'],
  ])('may have %s in a text', (_, written, normal) => {
    expect(uriOf(`pkcs11:token=${written};object=k`)).toBe(`pkcs11:token=${normal};object=k;type=secret-key`);
  });

  it('may name the slot', () => {
    expect(uriOf('pkcs11:slot-id=327;slot-description=Sun%20Metaslot;slot-manufacturer=Sun;object=k')).toBe(
      'pkcs11:slot-id=327;slot-description=Sun%20Metaslot;slot-manufacturer=Sun;object=k;type=secret-key',
    );
  });

  it('keeps to itself where module and PIN are on this machine', () => {
    const uri = 'pkcs11:object=k?module-path=/opt/hsm/lib%20x.so&pin-source=file:/etc/token_pin';
    expect(pkcs11KeyFromUri(uri).uri).toBe('pkcs11:object=k;type=secret-key');
    expect(pkcs11KeyFromUri('pkcs11:object=k?pin-source=file:///etc/pin&module-path=/m.so').uri).toBe(
      'pkcs11:object=k;type=secret-key',
    );
  });

  it('normalised is normal', () => {
    const normal = uriOf('pkcs11:type=secret-key;id=%01;object=a%2Fb;token=%C3%A4');
    expect(uriOf(normal)).toBe(normal);
  });

  it('names the same key as the options do', () => {
    const key = createPkcs11Key({ module, token: 'R&D', slotId: 0, object: 'k', id: Uint8Array.of(1, 255) });
    expect(key.uri).toBe('pkcs11:token=R%26D;slot-id=0;object=k;id=%01%FF;type=secret-key');
    expect(uriOf(key.uri)).toBe(key.uri);
  });

  it.each([
    ['another scheme', 'pkcs12:object=k', /start with/],
    ['no key', 'pkcs11:', /names no key/],
    ['only a token', 'pkcs11:token=t', /names no key/],
    ['another type of object', 'pkcs11:object=k;type=private', /secret-key/],
    ['a PIN', 'pkcs11:object=k?pin-value=the-pin', /must not hold the PIN/],
    ['a PIN in the path', 'pkcs11:object=k;pin-value=the-pin', /must not hold the PIN/],
    ['a module by name', 'pkcs11:object=k?module-name=mypkcs11', /by its path/],
    ['a vendor attribute', 'pkcs11:object=k;x-vendor=1', /not known/],
    ['a vendor attribute in the query', 'pkcs11:object=k?vendor-aaa=value-a', /not known/],
    ['what describes the library', 'pkcs11:object=k;library-version=3', /not known/],
    ['a query attribute in the path', 'pkcs11:object=k;module-path=/m.so', /not known/],
    ['a path attribute in the query', 'pkcs11:object=k?token=t', /not known/],
    ['the same attribute twice', 'pkcs11:object=k;object=l', /twice/],
    ['an empty value', 'pkcs11:object=k;serial=', /proper value/],
    ['an attribute without a value', 'pkcs11:object', /proper value/],
    ['an attribute that lacks its =', 'pkcs11:objectk', /not known/],
    ['a token that lacks its =', 'pkcs11:tokenX;object=k', /not known/],
    ['a module by a relative path', 'pkcs11:object=k?module-path=hsm.so', /absolute/],
    ['more than anybody writes', `pkcs11:object=${'k'.repeat(20_000_000)}`, /at most 8192/],
    ['more than a file has room for', `pkcs11:object=${'%20'.repeat(700)}`, /at most 2048/],
    ['no text', undefined as unknown as string, /start with/],
    ['an empty attribute', 'pkcs11:object=k;', /not known/],
    ['a blank', 'pkcs11:object=my key', /proper value/],
    ['a broken escape', 'pkcs11:object=%4', /proper value/],
    ['a slash in a text', 'pkcs11:object=a/b', /proper value/],
    ['a name that is no UTF-8', 'pkcs11:object=%FF', /UTF-8/],
    ['a control character', 'pkcs11:object=a%0Ab', /control/],
    ['a slot that is no number', 'pkcs11:object=k;slot-id=0x1', /slot-id/],
    ['a fragment', 'pkcs11:object=k#1', /fragment/],
    ['a program that gives the PIN', 'pkcs11:object=k?pin-source=%7Cprogram', /pin-source/],
    ['a PIN source without file:', 'pkcs11:object=k?pin-source=/etc/pin', /pin-source/],
    ['a PIN source on another host', 'pkcs11:object=k?pin-source=file://host/pin', /pin-source/],
  ])('is refused with %s', (_, uri, problem) => {
    expect(refusal(uri)).toMatch(problem);
  });

  it('is not repeated by the refusal, since it may hold a secret', () => {
    expect(refusal('pkcs11:object=k?pin-value=hunter2hunter2')).not.toContain('hunter2');
    expect(refusal('pkcs11:object=hunter2 hunter2')).not.toContain('hunter2');
    expect(refusal('pkcs11:hunter2=hunter2;object=k')).not.toContain('hunter2');
  });
});

describe('options', () => {
  it.each([
    ['no key', {}],
    ['an empty label', { object: '' }],
    ['a label with a control character', { object: 'a\n' }],
    ['a label with half a character', { object: '\ud800' }],
    ['an empty id', { id: new Uint8Array() }],
    ['a negative slot', { object: 'k', slotId: -1 }],
    ['a relative module', { object: 'k', module: 'hsm.so' }],
    ['a deadline of nothing', { object: 'k', deadlineMs: 0 }],
  ])('with %s are refused', (_, options) => {
    expect(() => createPkcs11Key({ module, ...options })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('without a module take the one that the environment names', () => {
    delete process.env['WEIGHTSEAL_PKCS11_MODULE'];
    expect(() => pkcs11KeyFromUri('pkcs11:object=k')).toThrow(/WEIGHTSEAL_PKCS11_MODULE/);
    process.env['WEIGHTSEAL_PKCS11_MODULE'] = module;
    expect(pkcs11KeyFromUri('pkcs11:object=k').uri).toBe('pkcs11:object=k;type=secret-key');
    delete process.env['WEIGHTSEAL_PKCS11_MODULE'];
  });
});
