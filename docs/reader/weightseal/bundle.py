"""§17, §21, §24 and §25: a bundle as it lies in a directory. For systems with openat: POSIX."""
from __future__ import annotations

import errno, hashlib, os, stat
from typing import Any, BinaryIO, Iterator

from .encoding import refuse
from .envelope import Envelope, parse_envelope, read_metadata
from .floe import HEADER, OVERHEAD, Floe, layout, segment_length
from .keys import unlock
from .table import ENVELOPE, TABLE, Member, MemberTable, is_own_name, read_table

MAX_ENVELOPE = 65_536  # 18.1
TAMPERED = "MEMBER_TAMPERED"


def open_file(root: int, path: str, missing: str, other: str) -> BinaryIO:
    """24.2: a regular file, and nothing on the way is a link."""
    at, names = os.dup(root), path.split("/")
    try:
        for name in names[:-1]:
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        file = open(os.open(names[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at), "rb", closefd=True)
    except IsADirectoryError:
        refuse(other, f"{path} is no regular file")
    except OSError as error:
        if error.errno == errno.ENOENT:
            refuse(missing, f"{path} is not there")
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            refuse(other, f"{path} is no regular file")
        raise
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        refuse(other, f"{path} is no regular file")
    return file


def size_of(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def read_envelope(root: int) -> Envelope:  # 25.1.1
    with open_file(root, ENVELOPE, "NOT_SEALED", "ENVELOPE_INVALID") as file:
        document = file.read(MAX_ENVELOPE + 1)
    if len(document) > MAX_ENVELOPE:
        refuse("ENVELOPE_INVALID", "the envelope is too long")
    return parse_envelope(document, None)


def open_table_file(root: int, envelope: Envelope) -> BinaryIO:  # 25.1.2
    file = open_file(root, TABLE, "MEMBER_MISSING", "TABLE_TAMPERED")
    if size_of(file) != envelope.table.size or file.read(HEADER) != envelope.table.header:
        file.close()
        refuse("TABLE_TAMPERED", "the table is another one than the envelope says")
    return file


def refuse_extras(root: int, table: MemberTable, allowed: set[str], at: str = "") -> None:  # 24.3, 24.4
    descriptor = os.open(at or ".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=root)
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                path = f"{at}/{entry.name}" if at else entry.name
                below = entry.is_dir(follow_symlinks=False)
                if (path in allowed and (below or path not in table.directories)) or (not below and (path in table.files or (not at and is_own_name(path)))):
                    continue
                if not below or path not in table.directories:
                    refuse("MEMBER_EXTRA", f"{path} belongs to no member")
                refuse_extras(root, table, allowed, path)
    finally:
        os.close(descriptor)


class Bundle:
    """Once this is made, envelope and table are authenticated, and nothing else stands in the directory."""

    def __init__(self, path: str, keys: list[Any], context: dict[str, str] | None = None, allow_extra: tuple[str, ...] = ()):
        self.root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.envelope = read_envelope(self.root)
            with open_table_file(self.root, self.envelope) as file:
                data_key = unlock(self.envelope, keys, context or {})
                self.metadata = read_metadata(data_key, self.envelope)
                self.table = read_table(file, data_key, self.envelope)
            refuse_extras(self.root, self.table, set(allow_extra))
        except BaseException:
            os.close(self.root)
            raise

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.root)

    def _file(self, member: Member) -> BinaryIO:  # 24.2
        file = open_file(self.root, member.file or "", "MEMBER_MISSING", TAMPERED)
        if size_of(file) != member.sealed_size():
            file.close()
            refuse(TAMPERED, f"{member.file} has another length than the table says")
        return file

    def see(self, members: list[Member]) -> None:
        """24.2: before any plaintext leaves."""
        for member in members:
            if member.file is not None:
                self._file(member).close()

    def read(self, member: Member, check_digest: bool = False) -> Iterator[bytes]:
        """The plaintext of a sealed or public member, each part once it has been verified."""
        with self._file(member) as file:
            if member.kind == "public":
                whole = file.read(member.size + 1)
                if hashlib.sha256(whole).digest() != member.digest:  # 22.6
                    refuse(TAMPERED, f"{member.path} has another digest than the table says")
                yield whole
                return
            sha256 = hashlib.sha256()
            for part in segments(file, member):
                sha256.update(part)
                yield part
            if check_digest and sha256.digest() != member.digest:
                refuse("DIGEST_MISMATCH", f"{member.path} has another digest than the table says")

    def range(self, member: Member, offset: int, length: int) -> Iterator[bytes]:
        """Some bytes of a sealed member; of a public one all of it is verified first (22.6)."""
        end = min(offset + length, member.size)
        if member.kind == "public":
            yield b"".join(self.read(member))[offset:end]
            return
        whole = segment_length(member.header, TAMPERED) - OVERHEAD
        first = offset // whole
        with self._file(member) as file:
            for number, part in enumerate(segments(file, member, first, -(-end // whole)), first):
                yield part[max(0, offset - number * whole) : end - number * whole]


def segments(file: BinaryIO, member: Member, first: int = 0, end: int | None = None) -> Iterator[bytes]:  # 21.4
    if file.read(HEADER) != member.header:
        refuse(TAMPERED, f"{member.file} begins with another header than the table says")
    floe = Floe(member.key, member.header, b"weightseal/v1/member\0" + member.id, TAMPERED)
    count, rest = layout(member.sealed_size() - HEADER, floe.length)
    file.seek(HEADER + first * floe.length)
    for number in range(first, count if end is None else min(end, count)):
        last = number == count - 1
        stored = file.read(rest if last else floe.length)
        plain = floe.open(stored, number, last)
        if plain is None or len(stored) != (rest if last else floe.length):
            refuse(TAMPERED, f"segment {number} of {member.file} does not verify")
        yield plain


def inspect_bundle(path: str) -> dict[str, Any]:  # 25.2
    root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        envelope = read_envelope(root)
        open_table_file(root, envelope).close()
    finally:
        os.close(root)
    recipients = [{"provider": s.provider, "key": s.key, "version": s.version, "algorithm": s.algorithm} for s in envelope.slots]
    return {"id": envelope.id.hex(), "context": envelope.context, "recipients": recipients,
            "generation": envelope.generation, "tableSize": envelope.table.size}  # fmt: skip
