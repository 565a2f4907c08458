"""What the tests count, and how they run the library and the command line."""
from __future__ import annotations

import json, os, subprocess, sys
from pathlib import Path

READER = Path(__file__).resolve().parents[1]
NODE = os.environ.get("WEIGHTSEAL_NODE", "node")
VERBOSE = "-v" in sys.argv[1:]
passed, failures = 0, []


def check(name: str, ours: object, theirs: object) -> None:
    global passed
    if ours == theirs:
        passed += 1
    else:
        failures.append(name)
    if VERBOSE or ours != theirs:
        print(f"{'ok  ' if ours == theirs else 'FAIL'} {name}: {ours}" + ("" if ours == theirs else f", not {theirs}"))


def library(*arguments: object, script: str = "make_sealed.mjs") -> None:
    subprocess.run([NODE, READER / script, *map(str, arguments)], check=True)


def judge(command: str, cases: list, at: Path, script: str = "make_sealed.mjs") -> list:
    """What the library says of each case."""
    (at / "list.json").write_text(json.dumps(cases))
    library(command, at / "list.json", at / "verdicts.json", script=script)
    return json.loads((at / "verdicts.json").read_text())


def command_line(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, READER / "weightseal_reader.py", *map(str, arguments)], input=stdin, capture_output=True)
