import { fs } from './builtins.js';
import { packEnvironment } from './environment.js';

const SHELL = '/bin/sh';

/**
 * What is PID 1 while the command runs. A shell that waits for one process takes in every other that ends: those that lost their parent would else stay as zombies. In the
 * background a shell makes a process ignore SIGINT and SIGQUIT, which Node undoes. Of a terminal's signals every process in the foreground has its own.
 * A `wait` that a signal ended is taken up again; bash forgets how a process has ended unless told not to be POSIX's. Its own variables have names that nobody else's have.
 */
const SCRIPT = `# the init of weightseal run
[ -z "\${BASH_VERSION-}" ] || set +o posix
weightseal_n=0
while eval "weightseal_e=\\\${WEIGHTSEAL_BYTES_$weightseal_n-}" && [ "$weightseal_e" ]; do
  weightseal_v=$(printf %b. "\${weightseal_e#*=}")
  export "\${weightseal_e%%=*}=\${weightseal_v%.}"
  unset "WEIGHTSEAL_BYTES_$weightseal_n"
  weightseal_n=$((weightseal_n + 1))
done
weightseal_typed() {
  read -r weightseal_v weightseal_v weightseal_v weightseal_v weightseal_g weightseal_v weightseal_v weightseal_t weightseal_v </proc/self/stat
  [ "$weightseal_g" = "$weightseal_t" ]
}
weightseal_pass() {
  weightseal_came=y
  case $1 in INT | QUIT | WINCH) weightseal_typed && return ;; esac
  if [ "$weightseal_pid" ]; then kill -"$1" "$weightseal_pid" 2>/dev/null; else weightseal_early="$weightseal_early $1"; fi
}
weightseal_pid= weightseal_early=
for weightseal_n in TERM HUP USR1 USR2 CONT INT QUIT WINCH; do trap "weightseal_pass $weightseal_n" "$weightseal_n"; done
exec 3<&0
"$@" <&3 3<&- &
weightseal_pid=$!
exec 3<&-
for weightseal_n in $weightseal_early; do kill -"$weightseal_n" "$weightseal_pid" 2>/dev/null; done
weightseal_came=y
while [ "$weightseal_came" ]; do
  weightseal_came=
  wait "$weightseal_pid"
  weightseal_n=$?
done
exit "$weightseal_n"
`;

/**
 * As PID 1 of a container, makes a shell of this process, which starts us anew as its child; then it does not return. What it returns is why it could not.
 * @param passing whether descriptors of the caller are to reach the command: they end where another program begins
 */
export function becomeInit(passing: boolean): string | undefined {
  if (process.platform !== 'linux' || process.pid !== 1) return undefined;
  const { execve } = process;
  if (!execve) return 'this Node is older than 22.15';
  if (passing) return 'a shell in between would lose the descriptors that it was given';
  try {
    fs.accessSync(SHELL, fs.constants.X_OK);
    const environment = packEnvironment();
    if (!environment) return 'its environment has what a shell cannot hand on';
    const { execPath, execArgv, argv } = process;
    return execve(
      SHELL,
      ['sh', '-c', SCRIPT, 'weightseal', execPath, ...execArgv, ...argv.slice(1)],
      environment,
    );
  } catch {
    return `${SHELL} cannot be started`;
  }
}
