import { type ErrorCode, isLoopback, splitKeyUri, WeightsealError } from '@weightseal/core';

export const PROVIDER = 'vault';
export const DEFAULT_MOUNT = 'transit';

/** FORMAT.md §6.1. */
const MAX_URI_BYTES = 2048;
const hostForm = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/;
/** What Vault takes for a name: `GenericNameRegex` of its framework. */
const nameForm = /^\w(?:[\w.-]*\w)?$/;
/** One segment of a mount or a namespace: what needs no percent-encoding, and neither `.` nor `..`. */
const segmentForm = /^(?!\.{1,2}$)[\w.~-]+$/;

/** A key as the caller configured it. */
export interface KeyName {
  readonly uri: string;
  /** `https://<host>[:<port>]`, or `http://` on loopback. */
  readonly address: string;
  readonly namespace: string | undefined;
  /** Where the Transit engine is mounted, without slashes at its ends. */
  readonly mount: string;
  readonly name: string;
}

export interface KeyNameParts {
  readonly address: string;
  readonly namespace?: string | undefined;
  readonly mount?: string | undefined;
  readonly name: string;
}

/** @throws `code` */
export function checkedName(parts: KeyNameParts, code: ErrorCode): KeyName {
  const fail = (problem: string): never => {
    throw new WeightsealError(code, `A Vault key: ${problem}.`);
  };
  const { namespace, mount = DEFAULT_MOUNT, name } = parts;
  const url =
    urlOf(parts.address) ?? fail('its address must be https://<host>[:port] and nothing more, no path');
  const plain = url.protocol === 'http:';
  // The token and the data key go there in the clear.
  if (plain && !isLoopback(url.hostname)) fail('without TLS only a loopback address is allowed');
  if (!isPath(mount)) fail('its mount must be segments of letters, digits and . _ ~ - with / between them');
  if (namespace !== undefined && !isPath(namespace)) {
    fail(
      'its namespace must be segments of letters, digits and . _ ~ - with / between them, and none at its ends',
    );
  }
  if (typeof name !== 'string' || !nameForm.test(name))
    fail('its name must be letters, digits and _, with . and - between them');
  const parameters = [namespace === undefined ? '' : `namespace=${namespace}`, plain ? 'tls=off' : ''];
  const query = parameters.filter((one) => one !== '').join('&');
  const uri = `${PROVIDER}://${url.host}/${mount}/keys/${name}${query && `?${query}`}`;
  if (uri.length > MAX_URI_BYTES) fail(`its URI must be at most ${MAX_URI_BYTES} bytes long`);
  return { uri, address: url.origin, namespace, mount, name };
}

/**
 * Takes `vault://<host>[:port]/<mount>/keys/<name>[?namespace=<namespace>][&tls=off]` apart: the path of Vault's own API for the key.
 *
 * @throws KEY_URI_INVALID
 */
export function partsOf(uri: string): KeyNameParts {
  const { body, parameters } = splitKeyUri(uri, PROVIDER, ['namespace', 'tls']);
  const { namespace, tls } = parameters;
  const [host = '', ...path] = body.split('/');
  const [collection, name] = path.slice(-2);
  const mount = path.slice(0, -2).join('/');
  if (collection !== 'keys' || name === undefined || mount === '') {
    throw invalidUri(`must be ${PROVIDER}://<host>[:port]/<mount>/keys/<name>`);
  }
  if (tls !== undefined && tls !== 'off') throw invalidUri('has tls, which can only be off');
  return { address: `${tls === 'off' ? 'http' : 'https'}://${host}`, namespace, mount, name };
}

/** Whether a slot's URI names this key: server, namespace, mount and name. */
export function isUriOf(uri: string, key: KeyName): boolean {
  try {
    const { address, namespace, mount, name } = checkedName(partsOf(uri), 'KEY_URI_INVALID');
    return address === key.address && namespace === key.namespace && mount === key.mount && name === key.name;
  } catch {
    return false;
  }
}

function invalidUri(problem: string): WeightsealError {
  return new WeightsealError('KEY_URI_INVALID', `A key URI of ${PROVIDER}: ${problem}.`);
}

function isPath(path: unknown): boolean {
  return typeof path === 'string' && path.split('/').every((segment) => segmentForm.test(segment));
}

function urlOf(address: string): URL | undefined {
  const [, protocol, written] = /^(https?):\/\/([^/]+)\/?$/i.exec(address) ?? [];
  const host = written?.toLowerCase();
  if (protocol === undefined || host === undefined || !hostForm.test(host)) return undefined;
  if (!URL.canParse(`${protocol}://${host}`)) return undefined;
  const url = new URL(`${protocol}://${host}`);
  // What URL would rewrite (octal addresses, and the like) is refused; only the default port goes.
  const port = url.protocol === 'https:' ? 443 : 80;
  return url.host === host || host === `${url.host}:${port}` ? url : undefined;
}
