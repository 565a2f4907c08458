import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { failureOf, scrubbed } from '../src/scrub.js';

/** What an error of the SDK becomes, with everything that can be seen of it. */
function shown(error: object): string {
  return inspect(scrubbed(failureOf(error)), { depth: 9, showHidden: true });
}

describe('the cause of an error', () => {
  it('has no name, code, inner code or request id that is long enough for a data key', () => {
    const secret = randomBytes(32).toString('base64url').replaceAll('-', 'x');
    const headers = { get: () => secret };
    const details = { error: { innerError: { code: secret } } };
    const error = {
      name: secret,
      message: 'No.',
      statusCode: 403,
      code: secret,
      details,
      response: { headers },
    };
    expect(shown(error)).not.toContain(secret);
  });

  it('keeps the longest codes there are', () => {
    const code = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
    expect(shown({ message: 'No.', code })).toContain(code);
  });

  it('has a client secret taken out, which its dots make look like a host name', () => {
    const error = { message: 'secret abc8Q~0123456789abcdef.0123456789abcdef01 of models.vault.azure.net' };
    expect(scrubbed(failureOf(error)).message).toBe('secret [removed] of models.vault.azure.net');
  });
});
