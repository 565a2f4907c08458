import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';

const REAL_LN = ['/usr/bin/ln', '/bin/ln'].find((path) => existsSync(path)) ?? 'ln';

/** Kills the process whose file is linked: who started it, or started the shell that did. */
const KILL = `pid=$PPID
case $(cat /proc/$pid/comm) in node*|MainThread) ;; *) pid=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$pid/status) ;; esac
kill -9 "$pid" && sleep 0.1`;

/** What may stand under the name of `ln`. */
const LN = {
  'one that does all': `exec ${REAL_LN} "$@"`,
  'one that fails': 'exit 1',
  'one of a multi-call binary': `[ "\${0##*/}" = ln ] && exec ${REAL_LN} "$@"; exit 1`,
  'one that kills before': `${KILL}; ${REAL_LN} "$@"`,
  'one that kills after': `${REAL_LN} "$@"; status=$?\n${KILL}; exit $status`,
  'one that tells how it went': `${REAL_LN} "$@"; status=$?; echo $status >>"$0.told"; exit $status`,
  none: undefined,
};

export type Ln = keyof typeof LN;

/** The environment of a process that finds this `ln` and, but for `none`, all else too. The script stands in `directory`. */
export function environmentWith(ln: Ln, directory: string): NodeJS.ProcessEnv {
  mkdirSync(directory, { recursive: true });
  const text = LN[ln];
  if (text === undefined) return { ...process.env, PATH: directory };
  // A multi-call binary has a name of its own, and goes by the name that it is called by.
  const name = ln === 'one of a multi-call binary' ? 'coreutils' : 'ln';
  writeFileSync(`${directory}/${name}`, `#!/bin/sh\n${text}\n`);
  chmodSync(`${directory}/${name}`, 0o755);
  if (name !== 'ln' && !existsSync(`${directory}/ln`)) symlinkSync(name, `${directory}/ln`);
  return { ...process.env, PATH: `${directory}:${process.env['PATH']}` };
}
