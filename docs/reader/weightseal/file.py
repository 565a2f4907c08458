"""§2 to §4, §9 and §15: a sealed file, with random access and as a stream."""
from __future__ import annotations

import hashlib, os
from dataclasses import dataclass
from typing import Any, BinaryIO, Iterator, NoReturn

from .encoding import MAX_INTEGER, i2be, kdf, lp, read_exactly, refuse
from .envelope import Envelope, parse_envelope, read_metadata
from .floe import HEADER, MAX_SEGMENTS, NOT_LAST, OVERHEAD, Floe, layout, segment_length
from .keys import unlock

PREAMBLE, MAX_AREA = 4096, 1_048_576  # 3.1, 3.2
SEARCH = 64  # 9.10


def read_area(source: BinaryIO) -> int:  # §3
    start = b""
    while len(start) < PREAMBLE and (more := source.read(PREAMBLE - len(start))):
        start += more
    if start[:8] != b"\x89WSEAL\r\n":
        refuse("NOT_SEALED", "not a sealed file")
    if not (i2be(1, 2) + i2be(0, 2)).startswith(start[8:12]):  # 3.2, 2: as much of it as is there
        refuse("UNSUPPORTED_VERSION", "another version or flags")
    if len(start) < PREAMBLE:
        refuse("PAYLOAD_TRUNCATED", "the file ends in its preamble")
    area, payload = int.from_bytes(start[12:16], "big"), int.from_bytes(start[16:24], "big")
    if area % 4096 or not 4096 <= area <= MAX_AREA or payload != PREAMBLE + 2 * area or any(start[24:]):
        refuse("HEADER_INVALID", "the preamble is not valid")
    return area


def read_copy(copy: bytes) -> tuple[int, bytes] | None:  # 4.1, 4.2: the generation and the document of a whole copy
    generation, n = int.from_bytes(copy[8:16], "big"), int.from_bytes(copy[16:20], "big")
    if copy[:8] != b"WSENVLP1" or 56 + n > len(copy) or not 1 <= generation <= MAX_INTEGER:
        return None
    document = copy[56 : 56 + n]
    checksum = hashlib.sha256(copy[:24] + document).digest()
    if copy[24:56] != checksum or any(copy[20:24]) or any(copy[56 + n :]):
        return None
    return generation, document


@dataclass
class Head:
    """Preamble, envelope and payload header, parsed and within their limits, nothing authenticated."""

    area: int
    copies_equal: bool
    envelope: Envelope
    header: bytes
    segment_length: int


def read_head(source: BinaryIO, size: int | None) -> Head:
    area = read_area(source)
    if size is not None and size < PREAMBLE + 2 * area + HEADER + OVERHEAD:  # 3.2
        refuse("PAYLOAD_TRUNCATED", "the file ends before its payload's first segment")
    copies = [read_exactly(source, area), read_exactly(source, area)]
    header = read_exactly(source, HEADER)  # 3.2, 5: before the copies are judged
    whole = [copy for copy in map(read_copy, copies) if copy]
    if not whole:  # 4.3
        refuse("ENVELOPE_DAMAGED", "no copy of the envelope is whole")
    generation, document = max(whole, key=lambda copy: copy[0])  # 4.3: the first, A, when both are equal
    envelope = parse_envelope(document, generation)
    return Head(area, copies[0] == copies[1], envelope, header, segment_length(header, "PAYLOAD_HEADER_INVALID"))


def payload_of(data_key: bytes, head: Head) -> Floe:  # 7.1, 9.1
    key = kdf(data_key, b"weightseal/v1/payload-key\0" + head.envelope.id + b"payload", 32)
    aad = b"weightseal/v1/payload\0" + lp(head.envelope.core) + lp(b"payload")
    return Floe(key, head.header, aad, "PAYLOAD_HEADER_TAMPERED")


class SealedFile:
    """Random access. Once this is made, everything but the segments before the last has been authenticated."""

    def __init__(self, file: BinaryIO, keys: list[Any], context: dict[str, str] | None = None):
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.file, self.head = file, read_head(file, size)
        self.base = PREAMBLE + 2 * self.head.area + HEADER
        data_key = unlock(self.head.envelope, keys, context or {})
        self.payload = payload_of(data_key, self.head)
        self.metadata = read_metadata(data_key, self.head.envelope)
        self.count, self.rest = count_segments(size - self.base, self.payload.length)
        self.size = size - self.base - OVERHEAD * self.count
        self.segment(self.count - 1)  # 9.7: the last first
        check_size(self.metadata, self.size)  # only now is self.size authentic

    def _stored(self, number: int, length: int | None = None) -> bytes:
        self.file.seek(self.base + number * self.payload.length)
        whole = self.rest if number == self.count - 1 else self.payload.length
        return read_exactly(self.file, whole if length is None else length)

    def segment(self, number: int) -> bytes:
        stored, last = self._stored(number), number == self.count - 1
        plain = self.payload.open(stored, number, last)
        return self._explain(stored, number, last) if plain is None else plain

    def _explain(self, stored: bytes, number: int, last: bool) -> NoReturn:  # 9.6, in its order
        def ends(marker: bytes) -> bool:
            return OVERHEAD <= int.from_bytes(marker, "big") <= self.payload.length

        marker = int.from_bytes(stored[:4], "big")
        before = range(max(0, number - 64), number) if last else ()
        if (not last and ends(stored[:4])) or any(ends(self._stored(i, 4)) for i in before):
            refuse("PAYLOAD_TRAILING_DATA", f"segment {number} is not the last that was sealed")
        if last and (self.rest < OVERHEAD or marker == NOT_LAST or self.rest < marker <= self.payload.length):
            refuse("PAYLOAD_TRUNCATED", "the payload ends early")
        if last and OVERHEAD <= marker < self.rest:
            refuse("PAYLOAD_TRAILING_DATA", "there is more than was sealed")
        for other in range(max(0, number - SEARCH), number + SEARCH + 1) if marker == (self.rest if last else NOT_LAST) else ():  # 9.10
            if other == number or self.payload.decrypt(stored, other, last) is None:
                continue
            if last:
                refuse("SEGMENT_MISSING" if other > number else "SEGMENT_REPEATED", f"the last segment is number {other} and stands as {number}")
            both = other < self.count - 1 and self._stored(other) == stored
            refuse("SEGMENT_REPEATED" if both else "SEGMENT_REORDERED", f"segment {other} stands as {number}")
        refuse("SEGMENT_TAMPERED", f"segment {number} does not verify")

    def segments(self) -> Iterator[bytes]:
        return (self.segment(number) for number in range(self.count))

    def range(self, offset: int, length: int) -> Iterator[bytes]:
        whole, end = self.payload.length - OVERHEAD, min(offset + length, self.size)
        for number in range(offset // whole, -(-end // whole)):
            yield self.segment(number)[max(0, offset - number * whole) : end - number * whole]


def count_segments(rest: int, length: int) -> tuple[int, int]:  # 9.6: how many, and the last one's length
    count, last = layout(rest, length)
    return (count, last) if count <= MAX_SEGMENTS else refuse("PAYLOAD_HEADER_INVALID", "too many segments")  # 9.11


def check_size(metadata: dict[str, Any], size: int) -> None:  # 10.3
    if metadata.get("size", size) != size:
        code = "PAYLOAD_TRUNCATED" if size < metadata["size"] else "PAYLOAD_TRAILING_DATA"
        refuse(code, "the plaintext has another length than the metadata says")


def stream_segments(source: BinaryIO, keys: list[Any], context: dict[str, str]) -> tuple[dict[str, Any], Iterator[bytes]]:
    """A reader that cannot seek: 9.8 and §15."""
    head = read_head(source, None)
    data_key = unlock(head.envelope, keys, context)
    payload = payload_of(data_key, head)
    metadata = read_metadata(data_key, head.envelope)

    def segments() -> Iterator[bytes]:
        number = size = last = 0
        while not last:
            start = read_exactly(source, 4)
            marker = int.from_bytes(start, "big")
            last = marker != NOT_LAST
            if number >= MAX_SEGMENTS or (last and not OVERHEAD <= marker <= payload.length):
                refuse("SEGMENT_TAMPERED", f"segment {number} has no valid marker")
            stored = start + read_exactly(source, (marker if last else payload.length) - 4)
            plain = payload.decrypt(stored, number, last)
            if plain is None:
                refuse("SEGMENT_TAMPERED", f"segment {number} does not verify")
            if last and source.read(1):
                refuse("PAYLOAD_TRAILING_DATA", "there is more after the last segment")
            number, size = number + 1, size + len(plain)
            if last:
                check_size(metadata, size)
            yield plain

    return metadata, segments()


# ---- what the command line does --------------------------------------------------------------------------------------


def inspect(file: BinaryIO) -> dict[str, Any]:
    """What the file says of itself; none of it is authenticated."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = read_head(file, size)
    base, length = PREAMBLE + 2 * head.area + HEADER, head.segment_length
    count, rest = count_segments(size - base, length)

    def marker(number: int) -> int:
        file.seek(base + number * length)
        return int.from_bytes(read_exactly(file, 4), "big")

    if rest < OVERHEAD or marker(count - 1) != rest:  # 9.12, with the codes of 9.6
        if any(OVERHEAD <= marker(i) <= length for i in range(max(0, count - 65), count - 1)):
            refuse("PAYLOAD_TRAILING_DATA", "there is more than was sealed")
        if rest < OVERHEAD or marker(count - 1) == NOT_LAST or rest < marker(count - 1) <= length:
            refuse("PAYLOAD_TRUNCATED", "the payload ends early")
        refuse("PAYLOAD_TRAILING_DATA" if OVERHEAD <= marker(count - 1) < rest else "SEGMENT_TAMPERED", "the last segment's marker is not its length")
    recipients = [{"provider": s.provider, "key": s.key, "version": s.version, "algorithm": s.algorithm} for s in head.envelope.slots]
    return {"id": head.envelope.id.hex(), "context": head.envelope.context, "recipients": recipients, "generation": head.envelope.generation,
            "copiesEqual": head.copies_equal, "segmentLength": length, "segments": count,
            "size": size - base - OVERHEAD * count, "sealedSize": size}  # fmt: skip
