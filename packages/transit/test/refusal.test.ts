import { refusalOf } from '@weightseal/transit';
import { expect, it } from 'vitest';

const codeOf = (code: string) => refusalOf(Object.assign(new Error(code), { code }))?.code;

it('what was damaged on the way is no refusal, and what is not spoken is one', () => {
  for (const damaged of [
    'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    'ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC',
    'ERR_SSL_RECORD_LAYER_FAILURE',
    'ERR_SSL_ENCRYPTED_LENGTH_TOO_LONG',
  ])
    expect(codeOf(damaged)).toBeUndefined();
  expect(codeOf('ERR_SSL_UNSUPPORTED_PROTOCOL')).toBe('TLS_REFUSED');
  expect(codeOf('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE')).toBe('CERTIFICATE_INVALID');
});
