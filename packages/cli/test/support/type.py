"""Types lines and a tab into a shell on a terminal of its own, and prints for each, as JSON, what stands there then.

type.py SHELL SCRIPT, and on standard input a JSON list of [typed, expected]; it waits for what is expected, for at most 20 s each.
"""
import json, os, pty, re, select, signal, sys, time

shell, script = sys.argv[1:]
START = {
    'bash': (['bash', '--norc', '--noprofile', '-i'], 'bind "set bell-style none"; bind "set completion-query-items 0"; bind "set page-completions off"; . %s'),
    'zsh': (['zsh', '-f', '-i'], 'autoload -U compinit; compinit -u -D; unsetopt beep; LISTMAX=0; . %s'),
    'fish': (['fish', '--no-config', '-i'], 'source %s'),
}
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM='xterm' if shell == 'fish' else 'dumb', PS1='$ ')
    os.execvp(START[shell][0][0], START[shell][0])


def until(wanted, seconds):
    seen, end = '', time.time() + seconds
    while time.time() < end and wanted not in seen:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        new = os.read(terminal, 65536)
        # What a terminal answers when fish asks it what it is.
        if b'\x1b[c' in new or b'\x1b[0c' in new:
            os.write(terminal, b'\x1b[?62c')
        seen = re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|[\r\x0f]', '', seen + new.decode(errors='replace'))
    return seen


until('\0', 1)
os.write(terminal, (START[shell][1] % script + '; echo rea""dy\n').encode())
until('ready\n', 20)
until('\0', 0.5)
said = []
for typed, expected in json.load(sys.stdin):
    os.write(terminal, typed.encode() + b'\t')
    said.append(until(expected, 20))
    os.write(terminal, b'\x15')
    until('\0', 0.3)
print(json.dumps(said))
os.kill(pid, signal.SIGHUP)
