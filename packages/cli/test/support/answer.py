"""Runs a command on a terminal of its own, types a line once it has asked for it, and prints what stood there.

answer.py LINE COMMAND...; it ends with the command's exit code. Of LINE what stands before a bar is typed at once, before anything is asked.
"""
import os, pty, sys

(*ahead, line), command = sys.argv[1].split('|'), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen, typed = b'', False
os.write(terminal, ''.join(ahead).replace('\\n', '\n').encode())
while True:
    try:
        got = os.read(terminal, 65536)
    except OSError:
        break
    if not got:
        break
    seen += got
    if not typed and seen.endswith(b'does: '):
        os.write(terminal, line.encode() + b'\n')
        typed = True
sys.stdout.write(seen.decode().replace('\r\n', '\n'))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
