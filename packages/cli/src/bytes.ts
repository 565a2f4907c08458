import { fs } from './builtins.js';
import { usageError } from './cli-error.js';

/** What Node makes of bytes that are not UTF-8. Two different texts become one by it. */
const REPLACEMENT = '\u{FFFD}';

/** @throws CliError of class usage where an argument's bytes are not UTF-8, and so are lost. */
export function checkArguments(argv: readonly string[]): void {
  const given = argv.findIndex((text) => text.includes(REPLACEMENT));
  if (given < 0) return;
  // What stands before ours are Node, its options and our program.
  const raw = rawStrings('cmdline')?.slice(-argv.length);
  const at = argv.findIndex((text, index) => lost(text, raw?.[index]));
  if (at < 0) return;
  const dashes = argv.indexOf('--');
  const passedOn = argv[0] === 'run' && dashes >= 0 && at > dashes;
  // Of another program's arguments any may be a secret.
  const which = `Argument ${at + 1}${passedOn ? '' : ` (${shown(raw?.[at] ?? Buffer.from(argv[at]!))})`}`;
  const advice = passedOn
    ? 'It cannot be passed on to the command as it is: rename the file, or have the command take it from a file or a script.'
    : 'Rename the file, or write the text in UTF-8 (`iconv -t UTF-8` makes it that).';
  throw usageError(
    `${which} is not UTF-8: its bytes would be lost, and two such texts become one. ${advice}`,
  );
}

/** @throws CliError of class usage where a variable that says what we do, or where, has bytes that are not UTF-8. */
export function checkEnvironment(matters: (name: string) => boolean): void {
  const bad = Object.entries(process.env).find(
    ([name, value = '']) => matters(name) && lost(`${name}=${value}`, rawVariable(name, value)),
  );
  if (!bad) return;
  throw usageError(
    `The variable ${bad[0]} is not UTF-8: its bytes would be lost, and two such texts become one. Write it in UTF-8 (\`iconv -t UTF-8\` makes it that), or unset it.`,
  );
}

/** A text can have had that character itself; where nobody knows, it is taken for lost. */
function lost(text: string, raw: Buffer | undefined): boolean {
  return text.includes(REPLACEMENT) && raw?.equals(Buffer.from(text)) !== true;
}

function shown(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replaceAll(/[^ -~]/g, (unit) => `\\x${unit.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Looked for only where it is needed. */
function rawVariable(name: string, value: string): Buffer | undefined {
  if (!value.includes(REPLACEMENT)) return undefined;
  return rawStrings('environ')?.find((bytes) => nameOf(bytes) === name);
}

function nameOf(bytes: Buffer): string {
  return bytes.subarray(0, bytes.indexOf('=')).toString();
}

/** As this process got them; undefined where that cannot be read: it is of Linux, and /proc may be shut. */
export function rawStrings(what: 'cmdline' | 'environ'): Buffer[] | undefined {
  try {
    const strings = fs.readFileSync(`/proc/self/${what}`, 'latin1').split('\0').slice(0, -1);
    return strings.map((string) => Buffer.from(string, 'latin1'));
  } catch {
    return undefined;
  }
}
