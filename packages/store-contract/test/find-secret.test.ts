import { describe, expect, it } from 'vitest';
import { findSecret } from '../src/find-secret.js';

const secret = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) % 256);
const bytes = Buffer.from(secret);

describe('a secret is found', () => {
  it.each([
    ['in a message, in hex', new Error(`key ${bytes.toString('hex')}`)],
    ['in a message, in upper-case hex', new Error(`key ${bytes.toString('hex').toUpperCase()}`)],
    ['in a message, in base64', new Error(`key ${bytes.toString('base64')}`)],
    ['in a message, in base64url', new Error(`key ${bytes.toString('base64url')}`)],
    ['in a message, raw', new Error(bytes.toString('latin1'))],
    ['in a message, decoded as UTF-8', new Error(bytes.toString('utf8'))],
    ['in a message, cut short', new Error(`key ${bytes.toString('hex').slice(0, 50)}…`)],
    ['in a message, as numbers', new Error(`key ${secret.join(', ')}`)],
    ['in a message, as JSON', new Error(JSON.stringify({ secret }))],
    ['in a message, as the JSON of a Buffer', new Error(JSON.stringify({ bytes }))],
    ['in a URL', new Error(`https://host/?sig=${encodeURIComponent(bytes.toString('latin1'))}`)],
    ['in a cause', new Error('outer', { cause: new Error(bytes.toString('base64')) })],
    ['in a property, as a Buffer', Object.assign(new Error('outer'), { request: { body: bytes } })],
    ['in a property, as a Uint8Array', Object.assign(new Error('outer'), { request: { body: secret } })],
    ['in a hidden property', Object.defineProperty(new Error('outer'), 'config', { value: { secret } })],
    ['in an error of several', new AggregateError([new Error(bytes.toString('hex'))])],
    ['in something that is no error', bytes.toString('hex')],
  ])('%s', (_, error) => {
    expect(findSecret(error, secret)).toBeTypeOf('string');
  });
});

it('an error without the secret is clean, also one that refers to itself', () => {
  const error: Error & { self?: unknown } = new Error('nothing to see', { cause: new Error('here') });
  error.self = error;
  expect(findSecret(error, secret)).toBeUndefined();
  expect(findSecret(undefined, secret)).toBeUndefined();
});
