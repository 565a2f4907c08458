"""The command line, on sealed files that files.py had made."""
from __future__ import annotations

import json
from pathlib import Path

from weightseal.file import PREAMBLE
from weightseal.keys import LocalKeyFile

from .check import check, command_line
from .file_writer import write


def open_with_passphrase(at: Path, plain: bytes) -> tuple[int, bytes]:
    (at / "words").write_bytes(b"correct horse\n")
    (at / "words").chmod(0o600)
    done = command_line("open", at / "words.sealed", "--passphrase-file", at / "words", "-o", "-")
    return done.returncode, done.stdout


def test_commands(at: Path) -> None:
    key = LocalKeyFile(str(at / "one.key"))
    sealed, plain, out = at / "100-4096.sealed", (at / "plain-100").read_bytes(), at / "out"
    common = (sealed, "--key-file", at / "one.key")
    done = command_line("open", *common, "-o", out)
    check("command line: open", (done.returncode, out.exists() and out.read_bytes()), (0, plain))
    done = command_line("open", *common, "-o", out)
    check("command line: not over another file", (done.returncode, done.stderr[:13]), (3, b"OUTPUT_EXISTS"))
    done = command_line("open", "-", *common[1:], "-o", "-", stdin=sealed.read_bytes())
    check("command line: a pipe", (done.returncode, done.stdout), (0, plain))
    done = command_line("range", *common, "--offset", 7, "--length", 9)
    check("command line: range", (done.returncode, done.stdout), (0, plain[7:16]))
    check("command line: verify", command_line("verify", *common).returncode, 0)
    done = command_line("inspect", sealed)
    check("command line: inspect", (done.returncode, json.loads(done.stdout)["size"]), (0, 100))
    done = command_line("open", at / "case-0", *common[1:], "-o", at / "none")
    check("command line: a refusal", (done.returncode, done.stderr.split(b":")[0], (at / "none").exists()), (3, b"NOT_SEALED", False))
    wrong = at / "wrong"
    wrong.write_bytes(write([key], b"x", metadata={"digest": "sha256:" + "0" * 64}))
    done = command_line("verify", wrong, *common[1:])
    check("command line: a wrong digest", (done.returncode, done.stderr.split(b":")[0]), (3, b"DIGEST_MISMATCH"))
    data = bytearray((at / "base.sealed").read_bytes())
    data[PREAMBLE + int.from_bytes(data[12:16], "big") + 5000] = 1  # among the zeros of copy B
    (at / "unequal").write_bytes(data)
    done = command_line("verify", at / "unequal", *common[1:])
    check("command line: unequal copies are told", (done.returncode, done.stderr[:5], json.loads(done.stdout)["copiesEqual"]), (0, b"note:", False))
    done = command_line("verify", at / "unequal", *common[1:], "--strict")
    check("command line: and refused", (done.returncode, done.stderr.split(b":")[0]), (3, b"ENVELOPE_DAMAGED"))
    check("command line: a passphrase", open_with_passphrase(at, plain), (0, plain))
    keyed = (at / "one.key").read_bytes()
    for name, change in {"a line less": lambda k: b"\n".join(k.split(b"\n")[1:]), "an upper-case digit": lambda k: k.replace(b"id ", b"id A"),
                         "a bit of a secret": lambda k: k.replace(b"key 1 ", b"key 3 ", 1), "nothing": lambda k: b""}.items():  # fmt: skip
        (at / "damaged.key").write_bytes(change(keyed))
        (at / "damaged.key").chmod(0o600)
        check(f"command line: a key file with {name}", command_line("verify", sealed, "--key-file", at / "damaged.key").stderr.split(b":")[0], b"KEY_FILE_INVALID")
    (at / "one.key").chmod(0o644)
    check("command line: an exposed key", command_line("verify", *common).stderr.split(b":")[0], b"KEY_FILE_EXPOSED")
    check("nothing is left behind", [str(x) for x in at.glob(".weightseal-*")], [])
