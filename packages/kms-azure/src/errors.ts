import { type ErrorCode, isWeightsealError, WeightsealError } from '@weightseal/core';
import { type Operation, permissionFor } from './permissions.js';
import { type Failure, failureOf, scrubbed } from './scrub.js';
import { TokenFailure } from './shared-tokens.js';
import type { KeyName } from './uri.js';

export type { Operation } from './permissions.js';

interface Asked {
  readonly operation: Operation;
  readonly key: KeyName;
}

interface Rule {
  readonly when: (failure: Failure, operation: Operation) => boolean;
  readonly code: ErrorCode;
  readonly advice: string | ((asked: Asked) => string);
}

const status =
  (...all: readonly number[]) =>
  (failure: Failure) =>
    all.includes(failure.status ?? 0);
/** By the inner code, or by the message, since Managed HSM and older versions of the service give no inner code. */
const forbidden =
  (inner: RegExp, message: RegExp) =>
  (failure: Failure): boolean =>
    failure.status === 403 && (inner.test(failure.inner ?? '') || message.test(failure.message));
const serviceDown = ({ status: answer = 0 }: Failure) => answer === 408 || answer >= 500;
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;
const network = /^(?:E[A-Z]{2,}(?:_[A-Z]+)?|REQUEST_SEND_ERROR|ERR_SOCKET\w*|HPE_\w+)$/;

/** The first that fits. */
const vaultRules: readonly Rule[] = [
  {
    when: ({ code, status: answer }) => code === 'PARSE_ERROR' && answer === undefined,
    code: 'KEY_UNAVAILABLE',
    advice:
      'The answer broke off, or was too long to be one of Key Vault. Try again, and check which host or proxy answers.',
  },
  {
    when: ({ code }) => code === 'PARSE_ERROR',
    code: 'KEY_RESPONSE_INVALID',
    advice: 'The answer is none of Key Vault. Check which host or proxy answers.',
  },
  {
    when: ({ code }) => code === 'ENOTFOUND' || code === 'EAI_AGAIN',
    code: 'KEY_UNAVAILABLE',
    advice:
      'The vault’s host has no address. Check its name, that the vault was not deleted, and DNS (private endpoint).',
  },
  {
    when: ({ code }) => certificate.test(code ?? ''),
    code: 'KEY_UNAVAILABLE',
    advice:
      'The host’s TLS certificate is not trusted, so nothing was sent. Check for a proxy that opens TLS, and the clock.',
  },
  {
    when: ({ code, status: answer, name }) =>
      answer === undefined && (network.test(code ?? '') || name === 'AbortError'),
    code: 'KEY_UNAVAILABLE',
    advice: 'The vault could not be reached. Check network, firewall and private endpoint, and try again.',
  },
  {
    when: status(401),
    code: 'KEY_DENIED',
    advice:
      'The vault does not accept the token. Check that the identity is of the vault’s tenant and cloud, and the clock.',
  },
  {
    when: forbidden(/Disabled$/, /on a disabled key/i),
    code: 'KEY_DISABLED',
    advice: 'The key version is disabled. Enable it (az keyvault key set-attributes --enabled true).',
  },
  {
    when: forbidden(/Expired|NotYetValid/, /on an? (?:expired|not yet valid) key|that is not yet valid/i),
    code: 'KEY_DISABLED',
    advice: 'The key version is expired or not valid yet. Rotate the key, or change its dates.',
  },
  {
    when: forbidden(/^ForbiddenBy(?:Firewall|Connection)$/, /^(?:Client address|Public network access)/),
    code: 'KEY_DENIED',
    advice:
      'The vault’s network rules refuse this address. Allow it in the firewall, or come through the private endpoint.',
  },
  {
    when: forbidden(/KeyOperationForbidden/, /operation \S+ is not (?:allowed|permitted|supported)/i),
    code: 'KEY_DENIED',
    advice: ({ operation }) =>
      `The key’s own list of operations (key_ops) does not have ${operation}. Add it (az keyvault key set-attributes --ops).`,
  },
  {
    when: status(403),
    code: 'KEY_DENIED',
    advice: ({ operation, key }) =>
      `This identity may not do that. Grant it ${permissionFor(operation, key)}.`,
  },
  {
    when: status(404),
    code: 'KEY_NOT_FOUND',
    advice:
      'The vault has no such key or version. Check which key it was sealed with; a deleted key can be recovered (az keyvault key recover).',
  },
  {
    when: (failure) => failure.status === 409 && /[Dd]elet/.test(`${failure.inner} ${failure.message}`),
    code: 'KEY_DISABLED',
    advice: 'The key is deleted or about to be. Recover it (az keyvault key recover).',
  },
  {
    when: status(409),
    code: 'KEY_UNAVAILABLE',
    advice: 'Another change of the key is under way. Try again.',
  },
  {
    when: status(429),
    code: 'KEY_THROTTLED',
    advice:
      'The vault is asked too often. Wait, or spread the work over vaults (`weightseal help azure`, Limits).',
  },
  {
    when: ({ status: answer }, operation) =>
      answer === 400 && (operation === 'unwrapKey' || operation === 'decrypt'),
    code: 'UNWRAP_REJECTED',
    advice: 'The key does not unwrap it: another key, another context, or a changed wrap.',
  },
  {
    when: status(400),
    code: 'INVALID_ARGUMENT',
    advice:
      'The vault refuses the request for this key. Check the type and size of the key, and the options.',
  },
  { when: serviceDown, code: 'KEY_UNAVAILABLE', advice: 'The service failed. Try again.' },
  {
    when: ({ name, message }) => name === 'Error' && /challenge|must use HTTPS/i.test(message),
    code: 'KEY_RESPONSE_INVALID',
    advice: 'The host asks for a token of a service that it is not; none was sent. Check the vault’s host.',
  },
  {
    when: ({ name, message }) => name === 'Error' && /is not supported on key/.test(message),
    code: 'KEY_DENIED',
    advice: 'The key’s own list of operations (key_ops) does not have this one.',
  },
  {
    when: ({ name, message }) => name === 'Error' && /(?:be used before|expired at)/.test(message),
    code: 'KEY_DISABLED',
    advice: 'The key version is expired or not valid yet.',
  },
];

/** What is none of the above: statuses that Key Vault does not use, and answers that the SDK stumbles over. */
const otherwise: Pick<Rule, 'code' | 'advice'> = {
  code: 'KEY_RESPONSE_INVALID',
  advice: 'The answer makes no sense. Check which host or proxy answers.',
};

const tokenRules: readonly Rule[] = [
  {
    when: status(429),
    code: 'KEY_THROTTLED',
    advice: 'Microsoft Entra is asked for tokens too often. Wait.',
  },
  {
    when: (failure) =>
      serviceDown(failure) || certificate.test(failure.code ?? '') || network.test(failure.code ?? ''),
    code: 'KEY_UNAVAILABLE',
    advice:
      'The token endpoint could not be reached, or failed. Check the way to Microsoft Entra, and try again.',
  },
  {
    when: ({ message }) =>
      /network_error|endpoints_resolution_error|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/.test(message),
    code: 'KEY_UNAVAILABLE',
    advice: 'The token endpoint could not be reached. Check the way to Microsoft Entra, and try again.',
  },
];

const noToken: Pick<Rule, 'code' | 'advice'> = {
  code: 'KEY_DENIED',
  advice:
    'There is no token for this identity. Log in (az login), set AZURE_CLIENT_ID and the rest, or run where a managed or workload identity is; renew an expired secret or certificate.',
};

/** The one way from what the SDK throws to an error of ours. */
export function azureError(error: unknown, operation: Operation, key: KeyName): WeightsealError {
  if (isWeightsealError(error)) return error;
  const ofToken = error instanceof TokenFailure;
  const failure = failureOf(ofToken ? (error.cause ?? error) : error);
  const aboutToken = ofToken || /Credential|Authentication/.test(failure.name);
  const [rules, last] = aboutToken ? [tokenRules, noToken] : [vaultRules, otherwise];
  const { code, advice } = rules.find(({ when }) => when(failure, operation)) ?? last;
  const told = typeof advice === 'string' ? advice : advice({ operation, key });
  return new WeightsealError(code, `${key.uri}: ${operation} failed. ${told}`, { cause: scrubbed(failure) });
}
