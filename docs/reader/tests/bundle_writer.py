"""A writer of bundles, from FORMAT.md too: whole ones, and what only somebody with the data key can make.

A bundle is a dict here: of each name in it the bytes, or for what is no file a function that makes it."""
from __future__ import annotations

import hashlib, os
from pathlib import Path
from typing import Any

from weightseal.encoding import b64, canonical_json, i2be, kdf, lp
from weightseal.envelope import AESGCM, Envelope, TableReference, envelope_mac
from weightseal.floe import NOT_LAST, OVERHEAD

from .file_writer import wrap


def floe(key: bytes, aad: bytes, plain: bytes, L: int = 64, parts: list[bytes] | None = None, header: bytes | None = None) -> bytes:  # §9
    start = (header or b"\0\0" + i2be(L, 4) + i2be(32, 4)) + os.urandom(32)
    sealed = start + kdf(key, start + b"HEADER_TAG:" + aad, 32)
    message_key, size = kdf(key, start + b"MESSAGE_KEY:" + aad, 48), L - OVERHEAD
    parts = [plain[i : i + size] for i in range(0, max(1, len(plain)), size)] if parts is None else parts
    for number, part in enumerate(parts):
        last, nonce = number == len(parts) - 1, os.urandom(12)
        cipher = AESGCM(kdf(message_key, start + b"DEK:" + i2be(number >> 20 << 20, 8) + aad, 32))
        sealed += i2be(len(part) + OVERHEAD if last else NOT_LAST, 4) + nonce
        sealed += cipher.encrypt(nonce, part, i2be(number, 8) + bytes([last]))
    return sealed


def header(L: int = 64, start: bytes = b"\0\0", iv: int = 32) -> str:  # 9.2, with an iv and a tag of its own
    return b64(start + i2be(L, 4) + i2be(iv, 4) + os.urandom(64))


def sha256(data: bytes) -> str:
    return b64(hashlib.sha256(data).digest())


class Line(dict):
    """A line of the table, and the file that belongs to it. `line | {…}` changes the line only; None takes a member away."""

    lies: bytes | None = None
    place = ""

    def __or__(self, changes: dict) -> Line:
        line = Line({name: value for name, value in {**self, **changes}.items() if value is not None})
        line.lies, line.place = self.lies, self.place
        return line


def sealed(path: str, plain: bytes = b"", *, file: str | None = None, **how: Any) -> Line:  # §21
    key, id_ = os.urandom(32), os.urandom(16)
    payload = floe(key, b"weightseal/v1/member\0" + id_, plain, **how)
    line = Line(digest=sha256(plain), file=file or path + ".sealed", header=b64(payload[:74]), id=b64(id_), key=b64(key), kind="sealed",
                path=path, sealedDigest=sha256(payload), size=len(plain))  # fmt: skip
    line.lies, line.place = payload, line["file"]
    return line


def public(path: str, plain: bytes = b"") -> Line:  # 22.6
    line = Line(digest=sha256(plain), kind="public", path=path, size=len(plain))
    line.lies, line.place = plain, path
    return line


def directory(path: str) -> Line:
    return Line(kind="directory", path=path)


def link(path: str, target: str) -> Line:
    return Line(kind="link", path=path, target=target)


def bundle(keys: list, lines: list = [], *, sort: bool = True, text: bytes | None = None, context: Any = {}, generation: Any = 1, core: Any = {},  # §18, §19
           metadata: Any = {}, document: Any = {}, reference: Any = {}, slots: Any = None, table: dict = {}, sealed_metadata: bytes | None = None) -> dict:  # fmt: skip
    """`lines` are Lines, or bytes as they are to stand in the table; `core`, `document`, `reference`: changes; None takes a member away."""
    data_key, id_ = os.urandom(32), os.urandom(16)

    def changed(value: dict, changes: Any) -> bytes:
        if isinstance(changes, bytes):
            return changes
        return canonical_json({name: one for name, one in {**value, **changes}.items() if one is not None}).encode()

    core_bytes = changed({"algorithm": "FLOE-AES-256-GCM", "context": context, "format": "weightseal-bundle", "id": b64(id_), "version": 1}, core)
    if sort:
        lines = sorted(lines, key=lambda line: str(line.get("path", "")).encode())
    if text is None:
        text = b"".join(line if isinstance(line, bytes) else canonical_json(line).encode() + b"\n" for line in lines)
    table_key = kdf(data_key, b"weightseal/v1/table-key\0" + id_, 32)
    sealed_table = floe(table_key, b"weightseal/v1/table\0" + lp(core_bytes), text, **{"L": 4096, **table})
    if sealed_metadata is None:
        nonce, plain = os.urandom(12), metadata if isinstance(metadata, bytes) else canonical_json(metadata).encode()
        key = kdf(data_key, b"weightseal/v1/metadata-key\0" + id_, 32)
        sealed_metadata = nonce + AESGCM(key).encrypt(nonce, plain.ljust(256), b"weightseal/v1/metadata\0" + lp(core_bytes))
    if slots is None:
        slots = [wrap(key, data_key, canonical_json(context).encode()) for key in keys]
    told = {"digest": sha256(sealed_table), "header": b64(sealed_table[:74]), "size": len(sealed_table)} | reference
    table_reference = TableReference(len(sealed_table), sealed_table[:74], hashlib.sha256(sealed_table).digest())
    number = generation if isinstance(generation, int) and 0 <= generation < 2**64 else 0
    envelope = Envelope(number, core_bytes, b"", sealed_metadata, slots, context, id_, [], table_reference)
    fields = {"core": b64(core_bytes), "generation": generation, "mac": b64(envelope_mac(data_key, envelope)), "metadata": b64(sealed_metadata),
              "slots": [b64(slot) for slot in slots], "table": {name: one for name, one in told.items() if one is not None}}  # fmt: skip
    tree = {"weightseal.json": changed(fields, document), "weightseal.table": sealed_table}
    for line in lines:
        if isinstance(line, Line) and line.lies is not None:
            tree[line.place] = line.lies
    return tree


def lay_out(tree: dict, at: Path) -> None:
    at.mkdir()
    for name, content in tree.items():
        place = at / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            place.write_bytes(content)
        elif content is not None:
            content(place)
