"""§19, §20 and §23: the member table of a bundle, its lines, and what holds among them."""
from __future__ import annotations

import hashlib, re
from dataclasses import dataclass
from typing import Any, BinaryIO, Iterator

from .encoding import MAX_INTEGER, decode, kdf, lp, parse_canonical, refuse
from .envelope import Envelope, is_integer
from .floe import HEADER, MAX_SEGMENTS, OVERHEAD, Floe, layout, segment_length
from .paths import check_path, directories_of

INVALID = "TABLE_INVALID"  # 20.4
MAX_LINE, MAX_LINES = 16_384, 2**20  # 20.1
ENVELOPE, TABLE = "weightseal.json", "weightseal.table"  # 17.1
PASSED_OVER = re.compile(r"\.[0-9a-f]{1,32}\.weightseal-(?:lock|tmp)|weightseal\.(?:sealing|manifest\.json|sig)")  # 24.4, and 24.3 of what §27 and §28 have at the root
MEMBERS = {  # 20.2, without `executable`, which is there if so
    "sealed": "digest file header id key kind path sealedDigest size",
    "public": "digest kind path size",
    "directory": "kind path",
    "link": "kind path target",
}
PATHS = {"file", "path", "target"}
LENGTHS = {"digest": 32, "header": HEADER, "id": 16, "key": 32, "sealedDigest": 32}


@dataclass
class Member:
    kind: str
    path: str
    executable: bool = False
    size: int = 0
    digest: bytes = b""
    file: str | None = None  # where its bytes lie in the bundle, when they do
    header: bytes = b""
    id: bytes = b""
    key: bytes = b""
    target: str | None = None

    def sealed_size(self) -> int:  # 21.3, and of a public member its size
        if self.kind == "public":
            return self.size
        plain = segment_length(self.header, INVALID) - OVERHEAD
        return HEADER + self.size + OVERHEAD * max(1, -(-self.size // plain))


def is_own_name(path: str) -> bool:  # 20.3.3, of a path or of the directory at the root that it is in
    name = path.split("/")[0]
    return name in (ENVELOPE, TABLE) or PASSED_OVER.fullmatch(name) is not None


def parse_value(name: str, value: Any) -> Any:  # 20.2
    if name in LENGTHS:
        return decode(value, LENGTHS[name], LENGTHS[name], INVALID)
    if name in PATHS and not isinstance(value, str):
        refuse(INVALID, "a path is no string")
    if name == "size" and not is_integer(value, 0, MAX_INTEGER) or name == "executable" and value != 1:
        refuse(INVALID, f"{name} is not valid")
    return value


def parse_line(line: bytes) -> Member:  # 20.1, 20.2
    value = parse_canonical(line, INVALID)
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in MEMBERS:
        refuse(INVALID, "a line is of no kind")
    optional = {"executable"} if kind in ("sealed", "public") else set()
    if set(value) - optional != set(MEMBERS[kind].split()):
        refuse(INVALID, "a line has not the members of its kind")
    parsed = {name: parse_value(name, one) for name, one in value.items()}
    for name in PATHS & parsed.keys():  # 20.4: after the rest of the form
        check_path(parsed[name])
    parsed.pop("sealedDigest", None)
    parsed["executable"] = "executable" in parsed
    if kind == "public":
        parsed["file"] = parsed["path"]  # 22.6
    member = Member(**parsed)
    if kind == "sealed" and layout(member.sealed_size() - HEADER, segment_length(member.header, INVALID))[0] > MAX_SEGMENTS:  # 20.3.4
        refuse(INVALID, "a payload has too many segments")
    return member


class MemberTable:
    """Takes members one by one, and judges each with those before it; `finish` judges the whole."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.files: dict[str, Member] = {}
        self.directories: set[str] = set()  # of the files: 17.2
        self.size, self.last = 0, b""

    def add(self, member: Member) -> None:  # 20.4
        path = member.path.encode()
        if self.members and path <= self.last:
            refuse(INVALID, "the members are not in order")
        for parent in directories_of(member.path)[-1:]:  # 20.3.1
            if parent not in self.members or self.members[parent].kind != "directory":
                refuse(INVALID, "the directory that a member is in is none")
        self.size += member.size
        if self.size > MAX_INTEGER:  # 20.3.2
            refuse(INVALID, "the sizes add up to too much")
        if member.file is not None:  # 20.3.3
            if member.file in self.files or is_own_name(member.file):
                refuse(INVALID, "a file stands twice, or under a name of the bundle's own")
            self.files[member.file] = member
            self.directories.update(directories_of(member.file))
        self.members[member.path], self.last = member, path

    def finish(self) -> None:
        if not self.directories.isdisjoint(self.files):  # 20.3.3
            refuse(INVALID, "a file is a directory that another one is in")
        linked = {parent for member in self.members.values() if member.kind == "link" for parent in directories_of(member.path)}
        for member in self.members.values():  # §23
            if member.target is None:
                continue
            target = self.members.get(member.target)
            if target is None or target.kind == "link" or target.path in linked:
                refuse("LINK_INVALID", "a link leads to nothing, to a link, or into a circle")


def split_lines(parts: Iterator[bytes]) -> Iterator[bytes]:  # 20.1: each without its line feed
    rest, count = b"", 0
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            count += 1
            if len(line) >= MAX_LINE or count > MAX_LINES:
                refuse(INVALID, "a line is too long, or there are too many")
            yield line
        if len(rest) >= MAX_LINE:
            refuse(INVALID, "a line is too long")
    if rest:
        refuse(INVALID, "the last line has no end")


def open_table(file: BinaryIO, data_key: bytes, envelope: Envelope) -> Iterator[bytes]:  # 19.2, 19.3: the plaintext, segment by segment
    code, table = "TABLE_TAMPERED", envelope.table
    key, aad = kdf(data_key, b"weightseal/v1/table-key\0" + envelope.id, 32), b"weightseal/v1/table\0" + lp(envelope.core)
    floe, sha256 = Floe(key, table.header, aad, code), hashlib.sha256(table.header)
    count, rest = layout(table.size - HEADER, floe.length)
    file.seek(HEADER)
    for number in range(count):
        last = number == count - 1
        stored = file.read(rest if last else floe.length)
        sha256.update(stored)
        plain = floe.open(stored, number, last) if len(stored) == (rest if last else floe.length) else None
        if plain is None:
            refuse(code, f"segment {number} of the table does not verify")
        yield plain
    if file.read(1) or sha256.digest() != table.digest:
        refuse(code, "the table has another digest than the envelope says")


def read_table(file: BinaryIO, data_key: bytes, envelope: Envelope) -> MemberTable:
    table = MemberTable()
    for line in split_lines(open_table(file, data_key, envelope)):
        table.add(parse_line(line))
    table.finish()
    return table
