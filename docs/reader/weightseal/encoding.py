"""§1 of FORMAT.md: how bytes are written, and the KDF. And what every other file here uses. The numbers in the comments are clauses of FORMAT.md."""
from __future__ import annotations

import base64, hmac, json, re
from typing import Any, BinaryIO, NoReturn

MAX_INTEGER = 2**53 - 1  # 1.2
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # 5.3
TIME = r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"  # 10.2


class SealError(Exception):
    """A refusal. `code` is one that FORMAT.md names."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def refuse(code: str, message: str) -> NoReturn:
    raise SealError(code, message)


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


def members(value: Any, names: str, code: str) -> list[Any]:  # the values of an object with exactly these members
    if not isinstance(value, dict) or sorted(value) != names.split():
        refuse(code, f"not an object with exactly the members {names}")
    return [value[name] for name in names.split()]


def decode(text: Any, least: int, most: int, code: str) -> bytes:
    try:
        data = unb64(text)
    except ValueError:
        refuse(code, "a member is not canonical base64url")
    return data if least <= len(data) <= most else refuse(code, "a member has a wrong length")


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
