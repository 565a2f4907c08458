#!/usr/bin/env python3
"""A reader for weightseal's sealed files, written from FORMAT.md alone. The numbers in the comments are its clauses.

    python weightseal_reader.py inspect FILE
    python weightseal_reader.py verify  FILE --key-file PATH [--context k=v]... [--strict]
    python weightseal_reader.py open    FILE --key-file PATH [--context k=v]... -o OUT|-      (FILE may be - : a stream)
    python weightseal_reader.py range   FILE --key-file PATH [--context k=v]... --offset N --length M

--passphrase-file PATH names a file that holds a passphrase, instead of or beside --key-file. A refusal prints its error code on stderr and exits with 3.
"""
from __future__ import annotations

import argparse, base64, hashlib, hmac, json, os, re, stat, sys, tempfile
from dataclasses import dataclass
from typing import Any, BinaryIO, Iterator, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAX_INTEGER = 2**53 - 1  # 1.2
PREAMBLE, MAX_AREA = 4096, 1_048_576  # 3.1, 3.2
HEADER, OVERHEAD = 74, 32  # 9.2, 9.4
NOT_LAST = 0xFFFFFFFF  # 9.4
SEARCH = 64  # 9.10
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # 5.3
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")  # 6.1
TIME = r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"  # 10.2


class SealError(Exception):
    """A refusal. `code` is one that FORMAT.md names."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def refuse(code: str, message: str) -> NoReturn:
    raise SealError(code, message)


# ---- §1: encodings and the KDF ---------------------------------------------------------------------------------------


def i2be(value: int, length: int) -> bytes:
    return value.to_bytes(length, "big")


def lp(data: bytes) -> bytes:
    return i2be(len(data), 4) + data


def kdf(key: bytes, info: bytes, length: int) -> bytes:  # 1.6
    return hmac.digest(key, info + b"\x01", "sha384")[:length]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: Any) -> bytes:  # 1.5: decode, encode again, compare
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(data) != text:
        raise ValueError("not canonical base64url")
    return data


def canonical_json(value: Any, depth: int = 0) -> str:  # 1.4; the document itself stands at depth 0
    if depth > 6:
        raise ValueError("too deep")
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # escapes exactly what RFC 8785 §3.2.2.2 does
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER:
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical_json(item, depth + 1) for item in value) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))  # by UTF-16 code units; refuses lone surrogates
        return "{" + ",".join(f"{canonical_json(n)}:{canonical_json(value[n], depth + 1)}" for n in names) + "}"
    raise ValueError("outside of the JSON that the format allows")


def parse_canonical(data: bytes, code: str) -> Any:  # 1.4: parse, encode again, compare; this finds duplicate names too
    try:
        value = json.loads(data.decode("utf-8"))
        if canonical_json(value).encode("utf-8") == data:
            return value
    except (ValueError, RecursionError):  # both Unicode errors are ValueErrors
        pass
    refuse(code, "a document is not canonical JSON")


# ---- §3 to §6: what can be read without a key ------------------------------------------------------------------------


@dataclass
class Slot:
    algorithm: str
    key: str
    provider: str
    version: str
    wrapped: bytes


@dataclass
class Head:
    """Preamble, envelope and payload header, parsed and within their limits, nothing authenticated."""

    area: int
    generation: int
    copies_equal: bool
    core: bytes
    mac: bytes
    metadata: bytes
    slot_documents: list[bytes]
    context: dict[str, str]
    id: bytes
    slots: list[Slot]
    header: bytes
    segment_length: int


def is_time(text: Any, fraction: bool = True) -> bool:  # 10.2
    found = isinstance(text, str) and re.fullmatch(TIME + (r"(?:\.[0-9]{1,9})?" if fraction else "") + "Z", text)
    if not found:
        return False
    year, month, day, hour, minute, second = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour <= 23 and minute <= 59 and second <= 59


def read_exactly(source: BinaryIO, length: int) -> bytes:
    data = b""
    while len(data) < length and (more := source.read(length - len(data))):
        data += more
    return data if len(data) == length else refuse("PAYLOAD_TRUNCATED", "the file ends early")


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


def members(value: Any, names: str) -> list[Any]:  # the values of an object with exactly these members
    if not isinstance(value, dict) or sorted(value) != names.split():
        refuse("ENVELOPE_INVALID", f"not an object with exactly the members {names}")
    return [value[name] for name in names.split()]


def decode(text: Any, least: int, most: int) -> bytes:
    try:
        data = unb64(text)
    except ValueError:
        refuse("ENVELOPE_INVALID", "a member is not canonical base64url")
    return data if least <= len(data) <= most else refuse("ENVELOPE_INVALID", "a member has a wrong length")


def check_context(context: Any) -> dict[str, str]:  # 5.3
    if not isinstance(context, dict) or len(context) > 64 or len(canonical_json(context).encode()) > 4096:
        refuse("ENVELOPE_INVALID", "the context is not valid")
    for name, value in context.items():
        if not name or not isinstance(value, str) or CONTROL.search(name + value):
            refuse("ENVELOPE_INVALID", "the context is not valid")
    return context


def parse_core(core: bytes) -> tuple[dict[str, str], bytes]:  # 5.2: the context and the id
    value = parse_canonical(core, "ENVELOPE_INVALID")
    if not isinstance(value, dict) or value.get("format") != "weightseal":
        refuse("ENVELOPE_INVALID", "not weightseal's")
    if value.get("version") != 1 or value.get("algorithm") != "FLOE-AES-256-GCM":  # first: another version has other members
        refuse("UNSUPPORTED_VERSION", "another version or algorithm")
    _, context, _, id_, payloads, _ = members(value, "algorithm context format id payloads version")
    if payloads != [{"name": "payload"}]:
        refuse("ENVELOPE_INVALID", "a sealed file has one payload")
    return check_context(context), decode(id_, 16, 16)


def parse_slot(document: bytes) -> Slot:  # 6.1
    texts = members(parse_canonical(document, "ENVELOPE_INVALID"), "algorithm key provider version wrapped")
    for text, most in zip(texts, (128, 2048, 64, 1024, 8192)):
        if not isinstance(text, str) or len(text.encode()) > most or CONTROL.search(text):
            refuse("ENVELOPE_INVALID", "a slot's member is not valid")
    algorithm, key, provider, version, wrapped = texts
    if not SCHEME.fullmatch(provider) or not key.startswith(provider + ":"):
        refuse("ENVELOPE_INVALID", "a slot's provider is not its key's scheme")
    return Slot(algorithm, key, provider, version, decode(wrapped, 1, 6144))


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
    envelope = parse_canonical(document, "ENVELOPE_INVALID")
    core, mac, metadata, slots = members(envelope, "core mac metadata slots")  # 5.1
    if not isinstance(slots, list) or not 1 <= len(slots) <= 32:
        refuse("ENVELOPE_INVALID", "not 1 to 32 slots")
    core = decode(core, 1, area)
    context, id_ = parse_core(core)
    mac, metadata = decode(mac, 48, 48), decode(metadata, 28, 16_384)  # 8.1, 10.1
    slots = [decode(slot, 1, area) for slot in slots]
    parsed = [parse_slot(slot) for slot in slots]
    length = int.from_bytes(header[2:6], "big")
    if header[:2] != b"\0\0" or header[6:10] != i2be(32, 4) or not 64 <= length <= 16_777_216:  # 9.2
        refuse("PAYLOAD_HEADER_INVALID", "the payload's parameters are not supported")
    equal = copies[0] == copies[1]
    return Head(area, generation, equal, core, mac, metadata, slots, context, id_, parsed, header, length)


# ---- appendices A and B: keys ----------------------------------------------------------------------------------------

KEY_LINE = rb"key ([1-9][0-9]{0,9}) (" + TIME.replace("(", "(?:").encode() + rb"Z) ([0-9a-f]{64})\n"
KEY_FILE = re.compile(rb"#[^\n]*\nweightseal-key 1\nid ([0-9a-f]{32})\n((?:" + KEY_LINE + rb"){1,512})")  # B.1


def read_private_file(path: str) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                refuse("KEY_FILE_INVALID", f"{path} is not a regular file")
            if os.name == "posix" and mode & 0o077:
                refuse("KEY_FILE_EXPOSED", f"{path} can be touched by group or others")
            return file.read(65_537)
    except FileNotFoundError:
        refuse("KEY_NOT_FOUND", f"there is no {path}")


def open_body(kek: bytes, label: bytes, body: bytes, bound: bytes) -> bytes:  # A.2
    okm = kdf(kek, label + body[:32], 48)
    try:
        return AESGCM(okm[:32]).decrypt(okm[32:44], body[32:], label + bound)
    except InvalidTag:
        refuse("UNWRAP_REJECTED", "the wrapped key does not verify")


class LocalKeyFile:
    provider = "local"
    LABEL = b"weightseal/local/wrap/1"

    def __init__(self, path: str):
        body, mark, check = read_private_file(path).rpartition(b"check ")
        found = KEY_FILE.fullmatch(body)
        lines = re.findall(KEY_LINE, found[2]) if found else []
        numbers = [int(number) for number, _, _ in lines]
        if (
            not found or check != hashlib.sha256(body).hexdigest().encode() + b"\n" or len(body + mark + check) > 65_536
            or numbers != sorted(set(numbers)) or numbers[-1] >= 2**32 or not all(is_time(time.decode(), False) for _, time, _ in lines)
        ):  # fmt: skip
            refuse("KEY_FILE_INVALID", f"{path} is damaged, or no key file")
        self.id = bytes.fromhex(found[1].decode())
        self.keys = {number.decode(): bytes.fromhex(secret.decode()) for number, _, secret in lines}

    def unwrap(self, slot: Slot, context: bytes) -> bytes:  # A.4
        key_id, _, version = slot.version.partition("/")
        kek = self.keys.get(version)
        if slot.algorithm != "AES-256-GCM" or key_id != self.id.hex() or kek is None:
            refuse("UNWRAP_REJECTED", "wrapped under another key, or a version that the key file does not have")
        if len(slot.wrapped) != 81 or slot.wrapped[0] != 1:
            refuse("UNWRAP_REJECTED", "not a local wrap")
        return open_body(kek, self.LABEL, slot.wrapped[1:], lp(self.id) + i2be(int(version), 4) + context)


class Passphrase:
    provider = "passphrase"
    LABEL = b"weightseal/passphrase/wrap/1"

    def __init__(self, passphrase: bytes):
        self.passphrase = passphrase or refuse("PASSPHRASE_REQUIRED", "the passphrase is empty")

    def unwrap(self, slot: Slot, context: bytes) -> bytes:  # A.3, A.4
        if slot.algorithm != "scrypt-AES-256-GCM" or len(slot.wrapped) != 84 or slot.wrapped[0] != 1:
            refuse("UNWRAP_REJECTED", "not a wrap of a passphrase")
        _, log_n, r, p = slot.wrapped[:4]
        if not (14 <= log_n <= 20 and 1 <= r <= 16 and 1 <= p <= 4 and 128 * r * p << log_n <= 2**30):
            refuse("UNWRAP_REJECTED", "the parameters of scrypt are beyond the limits")
        memory = 128 * r * ((1 << log_n) + p + 2) + 1024
        kek = hashlib.scrypt(self.passphrase, salt=slot.wrapped[4:36], n=1 << log_n, r=r, p=p, maxmem=memory, dklen=32)
        return open_body(kek, self.LABEL, slot.wrapped[4:], slot.wrapped[:4] + context)


def envelope_mac(data_key: bytes, head: Head) -> bytes:  # §7, 8.1
    message = b"weightseal/v1/envelope\0" + i2be(head.generation, 8) + lp(head.core) + lp(head.metadata)
    message += i2be(len(head.slot_documents), 4) + b"".join(map(lp, head.slot_documents))
    return hmac.digest(kdf(data_key, b"weightseal/v1/envelope-mac\0" + head.id, 48), message, "sha384")


def unlock(head: Head, keys: list[Any], expected: dict[str, str]) -> bytes:  # 11.1, clauses 2 to 4
    for name, value in expected.items():
        if head.context.get(name) != value:
            refuse("CONTEXT_MISMATCH", f"sealed for another context: {name!r}")
    failures: dict[str, SealError] = {}
    context = canonical_json(head.context).encode()
    for key in keys:
        for slot in head.slots:
            if slot.provider != key.provider:
                continue
            try:
                data_key = key.unwrap(slot, context)
                if len(data_key) != 32:  # 7.2
                    refuse("KEY_RESPONSE_INVALID", "a data key has 32 bytes")
                if hmac.compare_digest(envelope_mac(data_key, head), head.mac):  # 8.2
                    return data_key
                refuse("ENVELOPE_TAMPERED", "the envelope's MAC does not verify")
            except SealError as error:  # 11.2: the next is tried
                failures[error.code] = error
    if not failures:
        refuse("NO_MATCHING_KEY", "no slot is of a named key's provider")
    if "ENVELOPE_TAMPERED" in failures or len(failures) == 1:  # 8.2: a key fits, and the envelope was changed
        raise failures.get("ENVELOPE_TAMPERED") or failures.popitem()[1]
    refuse("UNWRAP_FAILED", "no slot could be unwrapped: " + ", ".join(failures))


def read_metadata(data_key: bytes, head: Head) -> dict[str, Any]:  # §10
    key = kdf(data_key, b"weightseal/v1/metadata-key\0" + head.id, 32)
    try:
        plain = AESGCM(key).decrypt(head.metadata[:12], head.metadata[12:], b"weightseal/v1/metadata\0" + lp(head.core))
    except InvalidTag:
        refuse("METADATA_TAMPERED", "the metadata does not verify")
    value = parse_canonical(plain.rstrip(b" "), "METADATA_TAMPERED")
    if not isinstance(value, dict) or not all(check(value[name]) for name, check in MEMBERS_OF_METADATA.items() if name in value):
        refuse("METADATA_TAMPERED", "the metadata is not valid")
    return value


def is_file_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and 1 <= len(name.encode()) <= 255
        and name not in (".", "..")
        and not re.search(r"[/\\\x00-\x1f\x7f-\x9f]", name)
    )


MEMBERS_OF_METADATA = {  # 10.2
    "created": is_time,
    "digest": lambda value: isinstance(value, str) and re.fullmatch("sha256:[0-9a-f]{64}", value) is not None,
    "name": is_file_name,
    "size": lambda value: isinstance(value, int) and value >= 0,
}


# ---- §9: the payload -------------------------------------------------------------------------------------------------


class Payload:
    """The message key of a payload and its segments' keys. Made only when the header's tag verifies."""

    def __init__(self, data_key: bytes, head: Head):
        header, self.length = head.header, head.segment_length
        key = kdf(data_key, b"weightseal/v1/payload-key\0" + head.id + b"payload", 32)
        self.start, self.aad = header[:42], b"weightseal/v1/payload\0" + lp(head.core) + lp(b"payload")
        if not hmac.compare_digest(kdf(key, self.start + b"HEADER_TAG:" + self.aad, 32), header[42:]):
            refuse("PAYLOAD_HEADER_TAMPERED", "the payload header's tag does not verify")
        self.message_key = kdf(key, self.start + b"MESSAGE_KEY:" + self.aad, 48)  # 9.3
        self.epoch, self.cipher = -1, AESGCM(bytes(32))

    def decrypt(self, segment: bytes, number: int, last: bool) -> bytes | None:  # 9.3, 9.4; None: the tag does not verify
        if self.epoch != number >> 20:
            info = self.start + b"DEK:" + i2be(number >> 20 << 20, 8) + self.aad
            self.epoch, self.cipher = number >> 20, AESGCM(kdf(self.message_key, info, 32))
        try:
            return self.cipher.decrypt(segment[4:16], segment[16:], i2be(number, 8) + bytes([last]))
        except InvalidTag:
            return None


class SealedFile:
    """Random access. Once this is made, everything but the segments before the last has been authenticated."""

    def __init__(self, file: BinaryIO, keys: list[Any], context: dict[str, str] | None = None):
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.file, self.head = file, read_head(file, size)
        self.base = PREAMBLE + 2 * self.head.area + HEADER
        data_key = unlock(self.head, keys, context or {})
        self.payload = Payload(data_key, self.head)
        self.metadata = read_metadata(data_key, self.head)
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
        if len(stored) >= OVERHEAD and int.from_bytes(stored[:4], "big") == (self.rest if last else NOT_LAST):
            plain = self.payload.decrypt(stored, number, last)
            if plain is not None:
                return plain
            self._explain(stored, number, last, True)
        self._explain(stored, number, last, False)

    def _explain(self, stored: bytes, number: int, last: bool, marker_is_right: bool) -> NoReturn:  # 9.6, in its order
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
        for other in range(max(0, number - SEARCH), number + SEARCH + 1) if marker_is_right else ():  # 9.10
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
    count = max(1, -(-rest // length))
    if count > 2**40:
        refuse("PAYLOAD_HEADER_INVALID", "too many segments")  # 9.11
    return count, rest - (count - 1) * length


def check_size(metadata: dict[str, Any], size: int) -> None:  # 10.3
    if metadata.get("size", size) != size:
        code = "PAYLOAD_TRUNCATED" if size < metadata["size"] else "PAYLOAD_TRAILING_DATA"
        refuse(code, "the plaintext has another length than the metadata says")


def stream_segments(source: BinaryIO, keys: list[Any], context: dict[str, str]) -> tuple[dict[str, Any], Iterator[bytes]]:
    """A reader that cannot seek: 9.8 and §15."""
    head = read_head(source, None)
    data_key = unlock(head, keys, context)
    payload = Payload(data_key, head)
    metadata = read_metadata(data_key, head)

    def segments() -> Iterator[bytes]:
        number = size = last = 0
        while not last:
            start = read_exactly(source, 4)
            marker = int.from_bytes(start, "big")
            last = marker != NOT_LAST
            if number >= 2**40 or (last and not OVERHEAD <= marker <= payload.length):
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


def digested(parts: Iterator[bytes], digest: str | None) -> Iterator[bytes]:  # 10.3
    sha256 = hashlib.sha256()
    for part in parts:
        sha256.update(part)
        yield part
    if digest is not None and digest != "sha256:" + sha256.hexdigest():
        refuse("DIGEST_MISMATCH", "the plaintext has another digest than the metadata says")


def write(parts: Iterator[bytes], output: str) -> None:
    if output == "-":
        for part in parts:  # 9.9: each was verified before it came here
            sys.stdout.buffer.write(part)
        return sys.stdout.buffer.flush()
    if os.path.lexists(output):
        refuse("OUTPUT_EXISTS", f"{output} exists already")
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
    recipients = [{"provider": s.provider, "key": s.key, "version": s.version, "algorithm": s.algorithm} for s in head.slots]
    return {"id": head.id.hex(), "context": head.context, "recipients": recipients, "generation": head.generation,
            "copiesEqual": head.copies_equal, "segmentLength": length, "segments": count,
            "size": size - base - OVERHEAD * count, "sealedSize": size}  # fmt: skip


def run(options: argparse.Namespace) -> None:
    stream = options.file == "-"
    if stream and options.command != "open":
        refuse("INVALID_ARGUMENT", f"{options.command} needs a file that can seek")
    with sys.stdin.buffer if stream else open(options.file, "rb") as file:
        if options.command == "inspect":
            return print(json.dumps(inspect(file), indent=2, ensure_ascii=False))
        keys: list[Any] = [LocalKeyFile(path) for path in options.key_file]
        keys += [Passphrase(re.sub(rb"\r?\n\Z", b"", read_private_file(path))) for path in options.passphrase_file]
        context = dict(options.context)
        if stream:
            metadata, parts = stream_segments(file, keys, context)
        else:
            sealed = SealedFile(file, keys, context)
            metadata, parts = sealed.metadata, sealed.segments()
        if options.command == "range":
            write(sealed.range(options.offset, options.length), options.output)
        elif options.command == "open":
            if options.check_digest and "digest" not in metadata:
                print("note: the file was sealed without a digest, so none is compared", file=sys.stderr)
            write(digested(parts, metadata.get("digest") if options.check_digest else None), options.output)
        else:
            size = sum(map(len, digested(parts, metadata.get("digest"))))
            equal = sealed.head.copies_equal  # 4.5
            if not equal and options.strict:
                refuse("ENVELOPE_DAMAGED", "all is as it was sealed, but the copy of the envelope that is not in use is not the same")
            if not equal:
                print("note: the copy of the envelope that is not in use is not the same; nothing authenticates it", file=sys.stderr)
            print(json.dumps({"id": sealed.head.id.hex(), "verified": size, "metadata": metadata, "copiesEqual": equal}, ensure_ascii=False))


def main() -> int:
    def pair(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        return (name, value) if name and equals else refuse("INVALID_ARGUMENT", "--context takes name=value")

    def natural(text: str) -> int:
        return int(text) if int(text) >= 0 else refuse("INVALID_ARGUMENT", "not below zero")

    parser = argparse.ArgumentParser(description="An independent reader for weightseal's sealed files.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in "inspect", "verify", "open", "range":
        command = commands.add_parser(name)
        command.add_argument("file")
        if name != "inspect":
            command.add_argument("--key-file", action="append", default=[], help="the path of a local: key file")
            command.add_argument("--passphrase-file", action="append", default=[], help="the path of a file that holds a passphrase")
            command.add_argument("--context", action="append", type=pair, default=[], metavar="NAME=VALUE")
        if name == "open":
            command.add_argument("--check-digest", action="store_true")
        if name == "verify":
            command.add_argument("--strict", action="store_true", help="refuse a file whose two copies of the envelope differ, too")
        if name == "range":
            command.add_argument("--offset", type=natural, required=True)
            command.add_argument("--length", type=natural, required=True)
        if name in ("open", "range"):
            command.add_argument("-o", "--output", required=name == "open", default="-")
    try:
        run(parser.parse_args())
        return 0
    except SealError as error:
        code, message = error.code, str(error)
    except OSError as error:
        code, message = "INPUT_NOT_FOUND" if isinstance(error, FileNotFoundError) else "IO_ERROR", str(error)
    print(f"{code}: {message}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
