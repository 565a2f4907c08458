import type { ErrorCode } from '@weightseal/core';

/**
 * What a failure means, and what to do. `{permission}`, `{mount}` and `{name}` stand for the key's own.
 * `again` says whether the same call may succeed in a moment: `turned-away` did nothing yet, `unknown` may have.
 */
export interface Row {
  readonly code: ErrorCode;
  readonly advice: string;
  readonly again?: 'turned-away' | 'unknown';
}

const TYPE: Row = {
  code: 'INVALID_ARGUMENT',
  advice:
    'Keys of this type bind no associated data. Name one of type aes256-gcm96 or chacha20-poly1305 (OpenBao also xchacha20-poly1305).',
};
const NO_KEY: Row = {
  code: 'KEY_NOT_FOUND',
  advice: 'There is no such key. Check its name, or create it: `vault write -f {mount}/keys/{name}`.',
};
const NO_ENGINE: Row = {
  code: 'KEY_NOT_FOUND',
  advice: 'No Transit engine is mounted at {mount}/ there. Check the mount and the namespace in the URI.',
};
const DENIED: Row = {
  code: 'KEY_DENIED',
  advice:
    'Give the policy of the token {permission}, or get a new token: of one that has expired, and of a key that does not exist, Vault says the same.',
};

/** By what the server says, in Vault and OpenBao alike. The first that fits counts. */
export const SAYINGS: readonly (readonly [RegExp, Row])[] = [
  [
    /message authentication failed/,
    {
      code: 'UNWRAP_REJECTED',
      advice:
        'Another key wrapped it, or for another context, or the wrap was changed. Check the context and the key, or put back an intact copy.',
    },
  ],
  [
    /version is too new/,
    {
      code: 'UNWRAP_REJECTED',
      advice:
        'The key has no such version yet: another key wrapped it, or this one was restored from an old backup.',
    },
  ],
  [
    /disallowed by policy \(too old\)/,
    {
      code: 'KEY_DISABLED',
      advice:
        'The version that wrapped it is below min_decryption_version. Lower that (`vault write {mount}/keys/{name}/config min_decryption_version=…`) and rewrap the file; a version that was trimmed is gone.',
    },
  ],
  [
    /less than the minimum encryption key version/,
    {
      code: 'KEY_DISABLED',
      advice:
        'The version that signs is below min_encryption_version, since the key was rotated. Make the signer anew, which takes the latest version.',
    },
  ],
  [
    /soft-deleted/,
    {
      code: 'KEY_DISABLED',
      advice: 'The key is soft-deleted; restore it: `bao write -f {mount}/keys/{name}/soft-delete-restore`.',
    },
  ],
  [/for non-AEAD cipher|not supported for key type|derivation not supported/, TYPE],
  [/unknown key type|key not found|no existing key named/, NO_KEY],
  [/no handler for route|namespace not found|unsupported (?:path|operation)/, NO_ENGINE],
  [/permission denied|missing client token|(?:invalid|bad) token/, DENIED],
  [
    /is sealed/,
    {
      code: 'KEY_UNAVAILABLE',
      advice: 'It is sealed: an operator has to unseal it (`vault operator unseal`).',
      again: 'turned-away',
    },
  ],
  [
    /not initialized/,
    {
      code: 'KEY_UNAVAILABLE',
      advice: 'It is not initialized (`vault operator init`).',
      again: 'turned-away',
    },
  ],
];

/** By the status, where what the server says is not known. */
export const STATUSES: Readonly<Record<number, Row>> = {
  403: DENIED,
  404: {
    code: 'KEY_NOT_FOUND',
    advice: 'There is no such key, or no Transit engine at {mount}/ there. Check mount and name.',
  },
  405: NO_ENGINE,
  412: {
    code: 'KEY_UNAVAILABLE',
    advice: 'The node that answered lags behind the others; try again.',
    again: 'turned-away',
  },
  429: {
    code: 'KEY_THROTTLED',
    advice: 'It is asked too often; wait, or raise its rate limit quota.',
    again: 'turned-away',
  },
  503: {
    code: 'KEY_UNAVAILABLE',
    advice: 'It is sealed, a standby or overloaded; ask its operators.',
    again: 'turned-away',
  },
};

export const REDIRECT: Row = {
  code: 'KEY_UNAVAILABLE',
  advice:
    'It sent the call on to another address, which is not followed, since token and data key would go there. Name the active node, or a load balancer that leads to it.',
};
export const SERVER_FAILED: Row = {
  code: 'KEY_UNAVAILABLE',
  advice: 'It failed, or what stands before it did; its log has the reason.',
  again: 'unknown',
};
export const NOT_VAULT: Row = {
  code: 'KEY_RESPONSE_INVALID',
  advice: 'The answer is none of Vault’s. Check that the address leads to Vault, and with TLS.',
};
export const REFUSED_WRAP: Row = {
  code: 'UNWRAP_REJECTED',
  advice:
    'It does not take the wrap. Check that the key is the one that sealed the file, or put back an intact copy.',
};
export const REFUSED_CALL: Row = {
  code: 'KEY_RESPONSE_INVALID',
  advice: 'It does not take the call as it is; the cause has its words.',
};
export const UNREACHED: Row = {
  code: 'KEY_UNAVAILABLE',
  advice: 'It cannot be reached. Check the address, the network, and that it runs.',
  again: 'unknown',
};
export const UNTRUSTED: Row = {
  code: 'KEY_UNAVAILABLE',
  advice:
    'No TLS connection came about. Check the host name, and the certificate authority (VAULT_CACERT, or NODE_EXTRA_CA_CERTS).',
};
export const NO_CERTIFICATE: Row = {
  code: 'KEY_DENIED',
  advice:
    'It does not accept the client certificate, or wants one: check VAULT_CLIENT_CERT and VAULT_CLIENT_KEY.',
};
