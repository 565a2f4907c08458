"""Plaintext that leaves: a file or a directory appears under its name when all of it has been verified (9.9)."""
from __future__ import annotations

import hashlib, os, shutil, sys, tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from .bundle import Bundle
from .encoding import refuse


def digested(parts: Iterator[bytes], digest: str | None) -> Iterator[bytes]:  # 10.3
    sha256 = hashlib.sha256()
    for part in parts:
        sha256.update(part)
        yield part
    if digest is not None and digest != "sha256:" + sha256.hexdigest():
        refuse("DIGEST_MISMATCH", "the plaintext has another digest than the metadata says")


def refuse_existing(output: str) -> None:
    if os.path.lexists(output):
        refuse("OUTPUT_EXISTS", f"{output} exists already")


def write(parts: Iterator[bytes], output: str) -> None:
    if output == "-":
        for part in parts:  # 9.9: each was verified before it came here
            sys.stdout.buffer.write(part)
        return sys.stdout.buffer.flush()
    refuse_existing(output)
    descriptor, temporary = tempfile.mkstemp(prefix=".weightseal-", dir=os.path.dirname(output) or ".")
    try:  # 9.9: nothing stands under its name before all of it was verified
        with open(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, output)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def new_directory(output: str) -> Iterator[Path]:
    refuse_existing(output)
    temporary = tempfile.mkdtemp(prefix=".weightseal-", dir=os.path.dirname(output) or ".")
    try:
        yield Path(temporary)
        os.rename(temporary, output)
    except BaseException:
        shutil.rmtree(temporary)
        raise


def write_bundle(bundle: Bundle, output: str, check_digest: bool) -> None:
    bundle.see(list(bundle.table.members.values()))
    with new_directory(output) as at:
        for path, member in bundle.table.members.items():  # 20.3.1: a directory stands before what is in it
            if member.kind == "directory":
                (at / path).mkdir()
            elif member.kind == "link":  # 23.1
                (at / path).symlink_to(os.path.relpath(member.target or "", os.path.dirname(path) or "."))
            else:
                mode = 0o700 if member.executable else 0o600
                with open(os.open(at / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                    for part in bundle.read(member, check_digest):
                        file.write(part)
                    file.flush()
                    os.fsync(file.fileno())
