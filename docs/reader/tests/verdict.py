"""What the reader here says of a sealed file."""
from __future__ import annotations

import hashlib
from pathlib import Path

from weightseal.encoding import SealError
from weightseal.file import SealedFile, stream_segments


def ours(file: Path, keys: list, context: dict) -> tuple[str, str]:
    def run(make) -> str:
        sha256 = hashlib.sha256()
        try:
            with open(file, "rb") as source:
                for part in make(source):
                    sha256.update(part)
            return f"ok {sha256.hexdigest()}"
        except SealError as error:
            return error.code

    return run(lambda f: SealedFile(f, keys, context).segments()), run(lambda f: stream_segments(f, keys, context)[1])
