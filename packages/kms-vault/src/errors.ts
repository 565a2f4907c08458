import { systemFailure, WeightsealError } from '@weightseal/core';
import {
  NO_CERTIFICATE,
  NOT_VAULT,
  REDIRECT,
  REFUSED_CALL,
  REFUSED_WRAP,
  type Row,
  SAYINGS,
  SERVER_FAILED,
  STATUSES,
  UNREACHED,
  UNTRUSTED,
} from './failure-table.js';
import type { KeyName } from './key-name.js';
import { causeOf, scrubbed } from './scrub.js';
import { type Answer, TooLong } from './send.js';

/** What was asked, for the sentence and the permission. */
export interface Asked {
  readonly key: KeyName;
  readonly operation: Operation;
  /** Never shown: a server may repeat it. */
  readonly token: string | undefined;
}

export type Operation =
  | 'encrypt'
  | 'decrypt'
  | 'sign'
  | 'read the key'
  | 'rotate the key'
  | 'configure the key';

/** The calls of Transit that are made: method, path, and the capability that a policy has to give for it. */
export const OPERATIONS: Readonly<Record<Operation, readonly ['GET' | 'POST', string, 'read' | 'update']>> = {
  encrypt: ['POST', 'encrypt/{name}', 'update'],
  decrypt: ['POST', 'decrypt/{name}', 'update'],
  sign: ['POST', 'sign/{name}', 'update'],
  'read the key': ['GET', 'keys/{name}', 'read'],
  'rotate the key': ['POST', 'keys/{name}/rotate', 'update'],
  'configure the key': ['POST', 'keys/{name}/config', 'update'],
};

export interface Failure {
  readonly error: WeightsealError;
  readonly again: Row['again'];
}

/** Where the call goes, under `/v1/`. */
export function pathOf(operation: Operation, { mount, name }: KeyName): string {
  return `${mount}/${OPERATIONS[operation][1].replace('{name}', name)}`;
}

/** An answer with another status than 2xx. */
export function refusal({ status, body }: Answer, asked: Asked): Failure {
  const said = wordsIn(body);
  const message = said?.join('; ') || `status ${status}`;
  const shown = asked.token === undefined ? message : message.replaceAll(asked.token, '[removed]');
  const cause = causeOf({ name: 'VaultError', message: shown, status });
  return failure(rowOf(status, said, asked.operation), asked, cause);
}

function rowOf(status: number, said: readonly string[] | undefined, operation: Operation): Row {
  if (status >= 300 && status < 400) return REDIRECT;
  const known = SAYINGS.find(([saying]) => said?.some((words) => saying.test(words)))?.[1];
  if (known) return known;
  // What stands before Vault has words of its own for these.
  if (status === 429 || status === 503) return STATUSES[status]!;
  if (status >= 500) return SERVER_FAILED;
  // Vault's standbys and its health check.
  if (status === 472 || status === 473) return STATUSES[503]!;
  if (said === undefined) return NOT_VAULT;
  const byStatus = STATUSES[status];
  if (byStatus) return byStatus;
  return operation === 'decrypt' ? REFUSED_WRAP : REFUSED_CALL;
}

/** What has nothing to do with the server, though no connection came of it. */
const OF_THIS_MACHINE = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'ERR_ACCESS_DENIED'];

/** No answer, or not to its end. */
export function unanswered(thrown: unknown, asked: Asked): Failure {
  const cause = scrubbed(thrown);
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (thrown instanceof TooLong || code.startsWith('HPE_')) return failure(NOT_VAULT, asked, cause);
  if (/CERTIFICATE_REQUIRED|_ALERT_/.test(code)) return failure(NO_CERTIFICATE, asked, cause);
  const short = systemFailure(thrown);
  if (short && OF_THIS_MACHINE.includes(short.errno))
    return failure({ ...UNREACHED, advice: short.hint }, asked, cause);
  const tls =
    /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|EPROTO$|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_)/.test(code);
  return failure(tls ? UNTRUSTED : UNREACHED, asked, cause);
}

export function invalidAnswer({ uri }: KeyName, problem: string): WeightsealError {
  return new WeightsealError('KEY_RESPONSE_INVALID', `${uri}: ${problem}. ${NOT_VAULT.advice}`);
}

function failure({ code, advice, again }: Row, { key, operation }: Asked, cause: Error): Failure {
  const permission = `\`${OPERATIONS[operation][2]}\` on ${pathOf(operation, key)}`;
  const hint = advice
    .replace('{permission}', permission)
    .replaceAll('{mount}', key.mount)
    .replaceAll('{name}', key.name);
  const elsewhere = code === 'KEY_DENIED' || code === 'KEY_NOT_FOUND' ? namespaceHint(key) : '';
  const message = `Vault did not ${operation} for ${key.uri}. ${hint}${elsewhere}`;
  return { error: new WeightsealError(code, message, { cause }), again };
}

/** Vault's own tools read it, and a URI that meant another key wherever it is set would name none. */
function namespaceHint({ namespace }: KeyName): string {
  const set = process.env['VAULT_NAMESPACE'] || process.env['BAO_NAMESPACE'];
  if (!set || namespace !== undefined) return '';
  return ' The namespace of the environment is not used: put it into the URI, as ?namespace=….';
}

/** What Vault says in `errors`, or without a word in an answer of its form; undefined where the answer is not Vault's. */
function wordsIn(body: Buffer): readonly string[] | undefined {
  try {
    const answer = JSON.parse(body.toString()) as { errors?: unknown; request_id?: unknown };
    if (Array.isArray(answer.errors)) return answer.errors.map(String);
    return typeof answer.request_id === 'string' ? [] : undefined;
  } catch {
    return undefined;
  }
}
