"""Bundles that somebody without a key has changed: (name, bundle, what FORMAT.md says, or None where it leaves a choice)."""
from __future__ import annotations

import json, os
from pathlib import Path
from typing import Iterator

from weightseal.encoding import b64, canonical_json

from .bundle_writer import bundle, directory, link, public, sealed

TABLE, JSON = "weightseal.table", "weightseal.json"
BYTES = bytes(range(256)) * 2


def as_link(target: str):
    return lambda place: place.symlink_to(target)


def as_directory(*names: str):
    def make(place: Path) -> None:
        place.mkdir()
        for name in names:
            (place / name).write_bytes(b"x")

    return make


def as_fifo(place: Path) -> None:
    os.mkfifo(place)


def raw_name(name: bytes):
    """A file beside the place, under a name that no text has."""
    return lambda place: Path(os.fsdecode(os.fsencode(place.parent) + b"/" + name)).write_bytes(b"x")


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def lines() -> list:
    return [sealed("a", BYTES), sealed("b", BYTES[1:], L=96), sealed("empty"), public("config.json", b"{}"), directory("d"), sealed("d/deep", b"1"),
            link("l", "a"), directory("none"), sealed("moved", b"2", file="x/y")]  # fmt: skip


def changes(key, step: int) -> Iterator[tuple]:
    """Of every `step`-th byte of the table, the envelope and the payloads, and all else."""
    keys = [key]
    whole = bundle(keys, lines(), context={"model": "m"})
    table, envelope = whole[TABLE], whole[JSON]

    yield "as it was", whole, "ok"
    for at in range(0, len(table), step):
        yield f"table: byte {at}", whole | {TABLE: flipped(table, at, at % 8)}, "TABLE_TAMPERED"
    for at in range(0, len(envelope), step):
        for value in {envelope[at] ^ 1, ord("A")} - {envelope[at]}:
            yield f"envelope: byte {at} is {value}", whole | {JSON: envelope[:at] + bytes([value]) + envelope[at + 1 :]}, None
    for name in "a.sealed", "b.sealed", "empty.sealed", "d/deep.sealed", "x/y":
        payload = whole[name]
        for at in {*range(0, len(payload), step * 4), 0, 9, 10, 73, 74, 77, 78, len(payload) - 1}:
            yield f"{name}: byte {at}", whole | {name: flipped(payload, at, at % 8)}, "MEMBER_TAMPERED"
        for size in 0, 1, 73, 74, 105, len(payload) - 1:
            yield f"{name}: {size} bytes", whole | {name: payload[:size]}, "MEMBER_TAMPERED"
        yield f"{name}: a byte more", whole | {name: payload + b"\0"}, "MEMBER_TAMPERED"
    for size in 0, 1, 73, 74, 105, 106, len(table) - 1:
        yield f"table: {size} bytes", whole | {TABLE: table[:size]}, "TABLE_TAMPERED"
    yield "table: a byte more", whole | {TABLE: table + b"\0"}, "TABLE_TAMPERED"
    for size in 0, 1, len(envelope) - 1:
        yield f"envelope: {size} bytes", whole | {JSON: envelope[:size]}, "ENVELOPE_INVALID"
    yield "envelope: a byte more", whole | {JSON: envelope + b"\n"}, "ENVELOPE_INVALID"
    yield "envelope: 65,536 spaces", whole | {JSON: envelope.ljust(65_536)}, "ENVELOPE_INVALID"
    yield "envelope: 65,537 bytes", whole | {JSON: envelope.ljust(65_537)}, "ENVELOPE_INVALID"
    yield "public: another byte", whole | {"config.json": b"{]"}, "MEMBER_TAMPERED"
    yield "public: a byte more", whole | {"config.json": b"{} "}, "MEMBER_TAMPERED"
    a, b = whole["a.sealed"], whole["b.sealed"]
    yield "payload: segments swapped", whole | {"a.sealed": a[:74] + a[138:202] + a[74:138] + a[202:]}, "MEMBER_TAMPERED"
    yield "payload: a segment twice", whole | {"a.sealed": a[:74] + a[74:138] + a[74:138] + a[202:]}, "MEMBER_TAMPERED"
    yield "payloads: swapped", whole | {"a.sealed": b, "b.sealed": a}, "MEMBER_TAMPERED"

    for name, code in ((JSON, "NOT_SEALED"), (TABLE, "MEMBER_MISSING"), ("a.sealed", "MEMBER_MISSING"), ("config.json", "MEMBER_MISSING"),
                       ("d/deep.sealed", "MEMBER_MISSING"), ("x/y", "MEMBER_MISSING")):  # fmt: skip
        yield f"gone: {name}", {one: content for one, content in whole.items() if one != name}, code
    for name, code in ((JSON, "ENVELOPE_INVALID"), (TABLE, "TABLE_TAMPERED"), ("a.sealed", "MEMBER_TAMPERED"), ("config.json", "MEMBER_TAMPERED"), ("x/y", "MEMBER_TAMPERED")):
        kept = os.path.dirname(name) + ("/" if "/" in name else "") + ".0.weightseal-tmp"
        yield f"{name}: a link to nothing", whole | {name: as_link("nothing")}, code
        if "/" not in name:  # the same bytes, under a name that is passed over
            yield f"{name}: a link to itself elsewhere", whole | {kept: whole[name], name: as_link(kept)}, code
        yield f"{name}: a fifo", whole | {name: as_fifo}, code
        extra = code if name in (JSON, TABLE) else "MEMBER_EXTRA"
        yield f"{name}: an empty directory", whole | {name: as_directory()}, extra
        yield f"{name}: a directory", whole | {name: as_directory("z")}, extra
    yield "d: a file", {n: c for n, c in whole.items() if n != "d/deep.sealed"} | {"d": b"x"}, "MEMBER_EXTRA"
    yield "d: a link to its like", {n: c for n, c in whole.items() if n != "d/deep.sealed"} | {".0.weightseal-tmp/deep.sealed": b"", "d": as_link(".0.weightseal-tmp")}, "MEMBER_EXTRA"
    yield "renamed", {("c.sealed" if n == "a.sealed" else n): c for n, c in whole.items()}, "MEMBER_EXTRA"

    for name in "z", "a", "l", "none", "d/deep", "d/z", "a.sealed ", "A.SEALED", "weightseal.json~", "d/weightseal.sealing", ".weightseal-tmp", "d/.0.weightseal-tmp", ".g.weightseal-tmp", "x/weightseal.json", "d/weightseal.sig", "weightseal.manifest.jso":
        yield f"more: {name}", whole | {name: b""}, "MEMBER_EXTRA"
    yield "more: an empty directory", whole | {"z": as_directory()}, "MEMBER_EXTRA"
    yield "more: a directory that is a member, and empty", whole | {"none": as_directory()}, "MEMBER_EXTRA"
    yield "more: a link that is a member", whole | {"l": as_link("a")}, "MEMBER_EXTRA"
    yield "more: a fifo", whole | {"z": as_fifo}, "MEMBER_EXTRA"
    yield "more: a name that is no UTF-8", whole | {"z": raw_name(b"\xff")}, "MEMBER_EXTRA"
    odd = bundle(keys, [sealed("\ufffd", b"1"), sealed("d", b"1", file="\ufffd/x")])
    yield "a name of U+FFFD", odd, "ok"
    yield "more: a name that is no UTF-8, beside its like", odd | {"z": raw_name(b"\xff.sealed")}, "MEMBER_EXTRA"
    for name in ".0.weightseal-tmp", ".0123456789abcdef.weightseal-lock", f".{'0' * 32}.weightseal-tmp", "weightseal.sealing", "weightseal.manifest.json", "weightseal.sig":
        yield f"passed over: {name}", whole | {name: b""}, "ok"
    yield "passed over: a link", whole | {".0.weightseal-lock": as_link("z")}, "ok"
    yield "a directory of such a name", whole | {".0.weightseal-tmp": as_directory("z")}, "MEMBER_EXTRA"

    other = bundle(keys, lines(), context={"model": "n"})
    yield "the other's envelope", whole | {JSON: other[JSON]}, "TABLE_TAMPERED"
    yield "the other's table", whole | {TABLE: other[TABLE]}, "TABLE_TAMPERED"
    yield "the other's envelope and table", whole | {JSON: other[JSON], TABLE: other[TABLE]}, "MEMBER_TAMPERED"
    for name in "a.sealed", "x/y":
        yield f"the other's {name}", whole | {name: other[name]}, "MEMBER_TAMPERED"
    document, strange = json.loads(envelope), json.loads(other[JSON])
    for name in document:
        if document[name] != strange[name]:
            mixed, code = canonical_json(document | {name: strange[name]}).encode(), "TABLE_TAMPERED" if name == "table" else None
            yield f"the other's {name}", whole | {JSON: mixed}, code
    yield "the other's table, and its reference", whole | {JSON: canonical_json(document | {"table": strange["table"]}).encode(), TABLE: other[TABLE]}, "ENVELOPE_TAMPERED"
    yield "the other's core and table", whole | {JSON: canonical_json(document | {n: strange[n] for n in ("core", "table")}).encode(), TABLE: other[TABLE]}, None
    yield "another generation", whole | {JSON: canonical_json(document | {"generation": 2}).encode()}, "ENVELOPE_TAMPERED"
    yield "a slot twice", whole | {JSON: canonical_json(document | {"slots": document["slots"] * 2}).encode()}, "ENVELOPE_TAMPERED"
    yield "a mac of zeros", whole | {JSON: canonical_json(document | {"mac": b64(bytes(48))}).encode()}, "ENVELOPE_TAMPERED"
