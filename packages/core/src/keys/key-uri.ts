import { WeightsealError } from '../errors.js';

export interface KeyUriParts {
  /** What stands between `<scheme>://` and the first `?`, as it is written: no percent-decoding. */
  readonly body: string;
  readonly parameters: Readonly<Partial<Record<string, string>>>;
}

/**
 * Takes `<scheme>://<body>[?<name>=<value>[&…]]` apart. A key URI identifies a key and nothing else: user
 * information, fragments, blanks and parameters that the provider does not know are refused. No message repeats the
 * URI, because what was put there by mistake may be a secret.
 *
 * @throws KEY_URI_INVALID
 */
export function splitKeyUri(uri: string, scheme: string, parameters: readonly string[] = []): KeyUriParts {
  if (typeof uri !== 'string') throw invalid(scheme, 'must be text');
  const start = `${scheme}://`;
  if (!uri.startsWith(start)) throw invalid(scheme, `must start with ${start}`);
  if (/[^\x21-\x7e]/.test(uri)) throw invalid(scheme, 'must hold neither blanks nor characters beyond ASCII');
  if (uri.includes('#')) throw invalid(scheme, 'must have no fragment (#)');
  const [body = '', query, ...more] = uri.slice(start.length).split('?');
  if (more.length > 0) throw invalid(scheme, 'must have at most one ?');
  if (body === '') throw invalid(scheme, 'names no key');
  if (body.includes('@')) {
    throw invalid(scheme, 'must hold no user name or password; credentials come from the environment');
  }
  return { body, parameters: query === undefined ? {} : parse(scheme, query, parameters) };
}

/** Whether a host name, as `URL` gives it, is this machine: the only one that may be spoken to without TLS. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function parse(scheme: string, query: string, known: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of query.split('&')) {
    const [name = '', value = '', ...more] = pair.split('=');
    if (!known.includes(name)) {
      const allowed = known.length > 0 ? `; known are ${known.join(', ')}` : ' and takes none';
      throw invalid(scheme, `has a parameter that is not known${allowed}`);
    }
    if (Object.hasOwn(found, name)) throw invalid(scheme, `has the parameter ${name} twice`);
    if (value === '' || more.length > 0) throw invalid(scheme, `has no proper value for ${name}`);
    found[name] = value;
  }
  return found;
}

function invalid(scheme: string, problem: string): WeightsealError {
  return new WeightsealError('KEY_URI_INVALID', `A key URI of ${scheme}: ${problem}.`);
}
