import type { Undecodable } from './environment.js';

/**
 * What a shell must not be asked to hand on: it drops names that it cannot have itself, adds some, and changes others. It is needed where only a process itself knows what to set
 * (LISTEN_PID is its number), and where a variable has bytes that Node cannot pass. Then env(1) sets these variables again, right after it.
 */
export const REBUILD = `
weightseal_n=$1 weightseal_numbers=$2 weightseal_unset=$3 weightseal_env=$4 weightseal_more=
shift 4
while [ "$weightseal_n" -gt 0 ]; do
  weightseal_n=$((weightseal_n - 1))
  eval "weightseal_e=\\$WEIGHTSEAL_ENV_$weightseal_n"
  unset "WEIGHTSEAL_ENV_$weightseal_n"
  weightseal_v=$(printf %bx "\${weightseal_e#+}")
  weightseal_more=\${weightseal_v%x}$weightseal_more
  case $weightseal_e in +*) continue ;; esac
  set -- "$weightseal_more" "$@"
  weightseal_more=
done
for weightseal_v in $weightseal_numbers; do set -- "$weightseal_v=$$" "$@"; done
exec "$weightseal_env" $weightseal_unset "$@"
`;

/**
 * Shells set, change or drop these, or do otherwise by them (SHELLOPTS=noexec, and a language in which one character is several bytes); and those of our script. The shell does not see them.
 */
const OF_SHELLS =
  /^(?:_|PWD|OLDPWD|SHLVL|PPID|IFS|OPT(?:IND|ARG|ERR)|LINENO|S?RANDOM|SECONDS|EPOCH\w+|ENV|E?UID|GROUPS|HOST(?:NAME|TYPE)|MACHTYPE|OSTYPE|DIRSTACK|FUNCN\w+|PIPESTATUS|SHELLOPTS|BASH\w*|POSIXLY_CORRECT|HIST\w+|COMP_\w+|COLUMNS|LINES|PS[0-4]|MAIL\w*|TMOUT|GLOBIGNORE|LANG\w*|LC_\w+|weightseal_\w+|WEIGHTSEAL_ENV_\d+)$/;
/** Those that one adds to what it starts. */
const ADDED = ['PWD', 'OLDPWD', 'SHLVL', '_', 'IFS', 'OPTIND', 'PS1', 'PS2', 'PS4', 'PPID', 'LINENO'];
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export interface Rebuilt {
  /** What the shell is started with. */
  readonly environment: NodeJS.ProcessEnv;
  /** Its arguments, but for the path of env(1) and what comes then. */
  readonly args: readonly [count: string, numbers: string, unset: string];
}

/**
 * @param environment of the command
 * @param raw variables that are to be as they are, byte for byte
 * @param numbers names of those that are to have the command's number
 */
export function rebuilt(
  environment: NodeJS.ProcessEnv,
  raw: readonly Undecodable[],
  numbers: readonly string[],
): Rebuilt {
  const rawNames = raw.map(({ name }) => name);
  // systemd's other name of the process that LISTEN_PID names would not be the command's.
  const gone = numbers.includes('LISTEN_PID') ? [...numbers, 'LISTEN_PIDFDID'] : numbers;
  const entries = Object.entries(environment).filter(([name]) => !gone.includes(name));
  const simple = entries.filter(
    ([name]) => SHELL_NAME.test(name) && !OF_SHELLS.test(name) && !rawNames.includes(name),
  );
  const names = simple.map(([name]) => name);
  const odd = entries.filter(([name]) => !names.includes(name) && !rawNames.includes(name));
  const encoded = [
    ...raw.map(({ bytes }) => bytes),
    ...odd.map(([name, value]) => Buffer.from(`${name}=${value}`)),
  ].flatMap(pieces);
  return {
    environment: {
      ...Object.fromEntries(simple),
      ...Object.fromEntries(encoded.map((text, index) => [`WEIGHTSEAL_ENV_${index}`, text])),
    },
    args: [
      String(encoded.length),
      numbers.join(' '),
      ADDED.filter((name) => environment[name] === undefined)
        .map((name) => `-u ${name}`)
        .join(' '),
    ],
  };
}

/** A string for a program may have 128 KiB, and each of these bytes can take four letters. */
const PIECE = 16 * 1024;

/** All but the first begin with a plus, which `escaped` leaves nowhere. */
function pieces(bytes: Buffer): string[] {
  const count = Math.ceil(bytes.length / PIECE);
  return Array.from(
    { length: count },
    (_, index) => (index > 0 ? '+' : '') + escaped(bytes.subarray(index * PIECE, (index + 1) * PIECE)),
  );
}

/** As `%b` of printf(1) reads it. */
function escaped(bytes: Buffer): string {
  const one = (byte: number) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x2b
      ? String.fromCharCode(byte)
      : `\\0${byte.toString(8).padStart(3, '0')}`;
  return Array.from(bytes, one).join('');
}
