"""§9: FLOE, under any key and with any associated data: of a file (9.1), a table (19.2) or a member (21.2)."""
from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .encoding import i2be, kdf, refuse

HEADER, OVERHEAD = 74, 32  # 9.2, 9.4
NOT_LAST = 0xFFFFFFFF  # 9.4
MAX_SEGMENTS = 2**40  # 9.11


def segment_length(header: bytes, code: str) -> int:  # 9.2: what a header says of itself
    length = int.from_bytes(header[2:6], "big")
    if header[:2] != b"\0\0" or header[6:10] != i2be(32, 4) or not 64 <= length <= 16_777_216:
        refuse(code, "the payload's parameters are not supported")
    return length


def layout(rest: int, length: int) -> tuple[int, int]:  # 9.6: of what follows the header, how many segments, and the last one's length
    count = max(1, -(-rest // length))
    return count, rest - (count - 1) * length


class Floe:
    """The message key of a payload, and its segments' keys. Made only when the header's tag verifies."""

    def __init__(self, key: bytes, header: bytes, aad: bytes, code: str):
        self.length, self.start, self.aad = segment_length(header, code), header[:42], aad
        if not hmac.compare_digest(kdf(key, self.start + b"HEADER_TAG:" + aad, 32), header[42:]):
            refuse(code, "the header's tag does not verify")
        self.message_key = kdf(key, self.start + b"MESSAGE_KEY:" + aad, 48)  # 9.3
        self.epoch, self.cipher = -1, AESGCM(bytes(32))

    def decrypt(self, segment: bytes, number: int, last: bool) -> bytes | None:  # 9.3, 9.4; None: the tag does not verify
        if self.epoch != number >> 20:
            info = self.start + b"DEK:" + i2be(number >> 20 << 20, 8) + self.aad
            self.epoch, self.cipher = number >> 20, AESGCM(kdf(self.message_key, info, 32))
        try:
            return self.cipher.decrypt(segment[4:16], segment[16:], i2be(number, 8) + bytes([last]))
        except InvalidTag:
            return None

    def open(self, segment: bytes, number: int, last: bool) -> bytes | None:  # the marker too: 9.6
        marker = len(segment) if last else NOT_LAST
        whole = len(segment) >= OVERHEAD and int.from_bytes(segment[:4], "big") == marker
        return self.decrypt(segment, number, last) if whole else None
