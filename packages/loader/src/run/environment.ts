import { readFileSync } from 'node:fs';

/**
 * What our own key providers take from the environment to use a key, and the SDKs underneath them: with these a child could have any file's data key.
 */
const KEY_MATERIAL = [
  /^WEIGHTSEAL_/,
  /^VAULT_TOKEN$|^BAO_TOKEN$/,
  /^AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|CONTAINER_AUTHORIZATION_TOKEN)$/,
  /^AZURE_(?:CLIENT_SECRET|CLIENT_CERTIFICATE_PASSWORD|PASSWORD)$/,
  /^(?:IDENTITY_HEADER|MSI_SECRET)$/,
];

/** The environment for a command, without what opens keys; `keep` names what is left in all the same. */
export function cleanedEnvironment(
  environment: NodeJS.ProcessEnv,
  keep: readonly string[] = [],
): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => keep.includes(name) || !opensKeys(name)),
  );
}

function opensKeys(name: string): boolean {
  return KEY_MATERIAL.some((pattern) => pattern.test(name));
}

/** A service manager's, which name the process that the rest is for: the command is that, where we were. */
const FOR_PROCESS = ['LISTEN_PID', 'WATCHDOG_PID'];

/** Those that have our number, and are to have the command's. */
export function numbersOfUs(environment: NodeJS.ProcessEnv): string[] {
  return FOR_PROCESS.filter((name) => environment[name] === String(process.pid));
}

/** A variable that Node cannot hand on: its bytes are not UTF-8, or its name is a number, of which `process.env` has no value. */
export interface Undecodable {
  readonly name: string;
  /** All of it, `NAME=value`. */
  readonly bytes: Buffer;
}

/** Those of a block that the kernel has given, and that are still to be seen in the environment, without what opens keys. */
export function undecodable(
  environment: NodeJS.ProcessEnv,
  block: Uint8Array,
  keep: readonly string[] = [],
): Undecodable[] {
  const names = new Set(Object.keys(environment));
  const found = entriesOf(block).flatMap((bytes) => {
    const text = bytes.toString();
    const name = text.slice(0, Math.max(0, text.indexOf('=')));
    if (name === '' || (opensKeys(name) && !keep.includes(name))) return [];
    const value = environment[name];
    // By a name that is not UTF-8 Node cannot change it; of the others, one that has been changed since is what it was changed to.
    const unnamed = !Buffer.from(name).equals(bytes.subarray(0, bytes.indexOf('=')));
    const unseen = value === undefined && names.has(name);
    const undecoded = !Buffer.from(text).equals(bytes) && value === text.slice(name.length + 1);
    return unnamed || unseen || undecoded ? [{ name, bytes }] : [];
  });
  return [...found, ...sharing(found, environment)];
}

/** What no longer is UTF-8 is read as U+FFFD: the variable that really has such a name, and is another one. */
function sharing(found: readonly Undecodable[], environment: NodeJS.ProcessEnv): Undecodable[] {
  const names = new Set(found.map(({ name }) => name).filter((name) => name.includes('\ufffd')));
  return [...names].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [{ name, bytes: Buffer.from(`${name}=${value}`) }];
  });
}

/** The environment that the kernel gave this process; nothing where that cannot be read. */
export function ownBlock(): Uint8Array {
  try {
    return readFileSync('/proc/self/environ');
  } catch {
    return new Uint8Array();
  }
}

function entriesOf(block: Uint8Array): Buffer[] {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const entries: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0, from);
    const to = end < 0 ? bytes.length : end;
    if (to > from) entries.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return entries;
}
