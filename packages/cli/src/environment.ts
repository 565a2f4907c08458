import { fs } from './builtins.js';
import { rawStrings } from './bytes.js';

/** Variables of a shell's own, which it would set, change or drop; and those of our script. */
const OF_SHELLS =
  /^(?:_|PWD|OLDPWD|SHLVL|PPID|IFS|OPT(?:IND|ARG|ERR)|LINENO|S?RANDOM|SECONDS|EPOCH\w+|ENV|E?UID|GROUPS|HOST(?:NAME|TYPE)|MACHTYPE|OSTYPE|DIRSTACK|FUNCNAME|PIPESTATUS|SHELLOPTS|BASH\w*|POSIXLY_CORRECT|HIST\w+|COMP_\w+|COLUMNS|LINES|PS[0-4]|MAIL\w*|weightseal_\w+)$/;
const A_SHELL_HAS = /^[A-Za-z_][A-Za-z0-9_]*$/;
const COUNT = 'WEIGHTSEAL_ENV';
const PACKED = /^WEIGHTSEAL_(?:ENV(?:_\d+)?|BYTES_\d+)$/;

/** What the kernel takes as one string, and the arguments of which nobody knows better. */
const ONE_STRING = 128 * 1024 - 1;
const FOR_ARGUMENTS = 32 * 1024;
const POINTER = 8;

/**
 * The environment, such that it comes through a shell to the byte. What a shell would not hand on is the value of a variable that it does; what is not UTF-8, which
 * we could not hand on, is written for the shell's `printf`. Undefined where there is something that neither can, or it is more than the kernel takes.
 */
export function packEnvironment(): Record<string, string> | undefined {
  const strings = rawStrings('environ');
  if (!strings) return undefined;
  const environment: Record<string, string> = {};
  const wrapped: string[] = [];
  const escaped: string[] = [];
  for (const bytes of strings) {
    const text = bytes.toString();
    const at = bytes.indexOf('=');
    const name = text.slice(0, text.indexOf('='));
    if (at <= 0 || PACKED.test(name)) continue;
    const ofShell = !A_SHELL_HAS.test(name) || OF_SHELLS.test(name);
    if (Buffer.from(text).equals(bytes)) {
      // Of a name that is a number, process.env has no value.
      if (/^[0-9]+$/.test(name)) return undefined;
      if (ofShell) wrapped.push(text);
      else environment[name] ??= text.slice(at + 1);
    } else if (ofShell) return undefined;
    else escaped.push(`${name}=${octal(bytes.subarray(at + 1))}`);
  }
  for (const [index, text] of wrapped.entries()) environment[`${COUNT}_${index}`] = text;
  for (const [index, text] of escaped.entries()) environment[`WEIGHTSEAL_BYTES_${index}`] = text;
  environment[COUNT] = String(wrapped.length);
  return fits(environment) ? environment : undefined;
}

/** Where a shell handed it on (`init.ts`), makes the environment what it was. */
export function restoreEnvironment(): void {
  const { env } = process;
  const count = env[COUNT];
  if (count === undefined || process.ppid !== 1 || !/^[0-9]+$/.test(count)) return;
  const texts = Array.from({ length: Number(count) }, (_, index) => env[`${COUNT}_${index}`] ?? '');
  for (const name of Object.keys(env)) if (OF_SHELLS.test(name) || PACKED.test(name)) delete env[name];
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at > 0) env[text.slice(0, at)] = text.slice(at + 1);
  }
}

function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}

function fits(environment: Readonly<Record<string, string>>): boolean {
  const sizes = Object.entries(environment).map(([name, value]) => Buffer.byteLength(`${name}=${value}`) + 1);
  const total = sizes.reduce((sum, size) => sum + size + POINTER, FOR_ARGUMENTS);
  return sizes.every((size) => size <= ONE_STRING) && total <= limitOfAll();
}

/** execve(2): a quarter of the limit for the stack, at least 128 KiB and at most 6 MiB. */
function limitOfAll(): number {
  const limits = fs.readFileSync('/proc/self/limits', 'latin1');
  const stack = Number(/^Max stack size\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.max(128 * 1024, Math.min(6 * 1024 * 1024, stack / 4));
}
