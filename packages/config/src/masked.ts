/** What is shown in the place of a secret. */
const MASK = '…';
/** Names of options below which texts are secrets, of our stores and as others may call them. */
const SECRET =
  /^(?:headers|query|credentials?|key)$|token|secret|passw|passphrase|signature|private_?key|account_?key|access_?key/i;
const USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/** Options as they may be shown: a text that is a secret is left out, and where it comes from (`{ env }`, `{ file }`) stays, since whoever trusts it must see that. */
export function masked(options: object): object {
  return mask(options, false) as object;
}

function mask(value: unknown, isSecret: boolean): unknown {
  if (typeof value === 'string') return isSecret ? MASK : value.replace(USER, `$1${MASK}@`);
  if (Array.isArray(value)) return value.map((one) => mask(one, isSecret));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [[only, where] = []] = entries;
  if (entries.length === 1 && (only === 'env' || only === 'file') && typeof where === 'string') return value;
  return Object.fromEntries(entries.map(([name, one]) => [name, mask(one, isSecret || SECRET.test(name))]));
}
