"""The vectors of sealed files: FORMAT.md, appendix C."""
from __future__ import annotations

import hashlib, json
from pathlib import Path

from weightseal.encoding import SealError, canonical_json
from weightseal.envelope import Slot
from weightseal.file import SealedFile, inspect
from weightseal.keys import LocalKeyFile, Passphrase

from .check import READER, check
from .verdict import ours

VECTORS = READER.parents[1] / "packages" / "core" / "vectors"


class GivenKey:
    """Gives the data key of a vector, whatever the slot says."""

    provider = "vector"

    def __init__(self, data_key: str):
        self.data_key = bytes.fromhex(data_key)

    def unwrap(self, _slot: Slot, _context: bytes) -> bytes:
        return self.data_key


def assemble(pieces: list, size: int, base: bytes = b"") -> bytes:
    data = bytearray(base[:size].ljust(size, b"\0"))
    for piece in pieces:
        part = bytes.fromhex(piece["hex"])
        data[piece["at"] : piece["at"] + len(part)] = part
    return bytes(data)


def shown(file: Path) -> str | None:
    try:
        with open(file, "rb") as source:
            return inspect(source) and None
    except SealError as error:
        return error.code


def vectors(at: Path) -> None:
    positive, negative, wraps = (json.loads((VECTORS / f"{name}.json").read_text()) for name in ("positive", "negative", "wraps"))
    files = {vector["name"]: vector for vector in positive}
    file = at / "vector"
    for vector in positive:
        file.write_bytes(assemble(vector["pieces"], vector["size"]))
        verdict = "ok " + hashlib.sha256(bytes.fromhex(vector["plaintext"])).hexdigest()
        check(f"vector {vector['name']}", ours(file, [GivenKey(vector["dataKey"])], vector["context"]), (verdict, verdict))
        with open(file, "rb") as source:
            seen = inspect(source)
            metadata = SealedFile(source, [GivenKey(vector["dataKey"])]).metadata
        for name in "generation", "copiesEqual", "segments", "segmentLength", "context":
            check(f"vector {vector['name']}: {name}", seen[name], vector[name])
        check(f"vector {vector['name']}: metadata", metadata, vector["metadata"])
    for vector in negative:
        of = files[vector["of"]]
        file.write_bytes(assemble(vector["changes"], vector["size"], assemble(of["pieces"], of["size"])))
        codes = vector["code"], vector.get("streamCode", vector["code"])
        check(f"vector {vector['name']}", ours(file, [GivenKey(of["dataKey"])], {}), codes)
        check(f"vector {vector['name']}: without a key", shown(file), vector.get("codeWithoutKey"))
    for vector in wraps:
        slot, context = vector["slot"], canonical_json(vector["context"]).encode()
        file.write_text(vector.get("keyFile", ""))
        file.chmod(0o600)
        key = LocalKeyFile(str(file)) if "keyFile" in vector else Passphrase(bytes.fromhex(vector["passphrase"]))
        try:
            found = key.unwrap(Slot(slot["algorithm"], "", vector["provider"], slot["version"], bytes.fromhex(slot["wrapped"])), context).hex()
        except SealError as error:
            found = error.code
        check(f"wrap {vector['name']}", found, vector.get("dataKey", vector.get("code")))
