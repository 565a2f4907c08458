"""Changed files: (name, bytes of the file, what FORMAT.md says or None)."""
from __future__ import annotations

import json

from weightseal.encoding import b64, canonical_json, i2be, unb64
from weightseal.file import PREAMBLE
from weightseal.floe import HEADER

from .file_writer import envelope_copy


def mutations(base: bytes, full: bytes):
    """Of two files that make_sealed.mjs made: `base` has five segments of at most 96 bytes, and a last one that is shorter;
    `full` has five of 92, the last one too."""
    area = int.from_bytes(base[12:16], "big")
    a, b, p = PREAMBLE, PREAMBLE + area, PREAMBLE + 2 * area
    s, L = p + HEADER, int.from_bytes(base[p + 2 : p + 6], "big")
    n = -(-(len(base) - s) // L)
    segments = [base[s + i * L : s + (i + 1) * L] for i in range(n)]
    rest, fulls = len(segments[-1]), [full[s + i : s + i + 92] for i in range(0, len(full) - s, 92)]
    assert n == 5 and rest < L and len(fulls[-1]) == 92, (n, rest, len(fulls[-1]))

    def flip(*places: int, bit: int = 0) -> bytes:
        data = bytearray(base)
        for place in places:
            data[place] ^= 1 << bit
        return bytes(data)

    def put(place: int, value: bytes, data: bytes = base) -> bytes:
        return data[:place] + value + data[place + len(value) :]

    def payload(*order: int, of=segments, start=base, extra=b"") -> bytes:
        return start[:s] + b"".join(of[i] for i in order) + extra

    yield "magic", flip(0), "NOT_SEALED"
    yield "magic's last byte", flip(7), "NOT_SEALED"
    yield "empty file", b"", "NOT_SEALED"
    yield "7 bytes", base[:7], "NOT_SEALED"
    yield "text", b"hello, world" * 1000, "NOT_SEALED"
    for data in (b"\1", b"\0\2", b"\0\1\1", b"\0\1\0\1", b"\xff" * 4):
        yield f"cut after version and flags {data.hex()}", base[:8] + data, "UNSUPPORTED_VERSION"
        yield f"version and flags {data.hex()}, then cut in the preamble", (base[:8] + data + base[8 + len(data):])[:200], "UNSUPPORTED_VERSION"
    yield "8 bytes", base[:8], "PAYLOAD_TRUNCATED"
    yield "9 bytes", base[:9], "PAYLOAD_TRUNCATED"
    yield "11 bytes", base[:11], "PAYLOAD_TRUNCATED"
    yield "100 bytes", base[:100], "PAYLOAD_TRUNCATED"
    yield "100 bytes of version 2", put(8, b"\0\2")[:100], "UNSUPPORTED_VERSION"
    yield "100 bytes, zeros not zero", put(50, b"\1")[:100], "PAYLOAD_TRUNCATED"
    yield "cut in the preamble", base[:4095], "PAYLOAD_TRUNCATED"
    yield "version 2", put(8, b"\0\2"), "UNSUPPORTED_VERSION"
    yield "version 0", put(8, b"\0\0"), "UNSUPPORTED_VERSION"
    yield "flags", flip(11), "UNSUPPORTED_VERSION"
    yield "area 0", put(12, bytes(4)), "HEADER_INVALID"
    yield "area off by one", flip(15), "HEADER_INVALID"
    yield "area and offset too large", put(12, i2be(1052672, 4) + i2be(4096 + 2 * 1052672, 8)), "HEADER_INVALID"
    yield "area and offset larger than the file", put(12, i2be(1048576, 4) + i2be(4096 + 2 * 1048576, 8)), "PAYLOAD_TRUNCATED"
    yield "area and offset smaller", put(12, i2be(8192, 4) + i2be(4096 + 2 * 8192, 8)), None
    yield "payload's offset", flip(23), "HEADER_INVALID"
    yield "preamble's zeros", flip(24), "HEADER_INVALID"
    yield "preamble's last zero", flip(4095), "HEADER_INVALID"
    yield "copy A's magic", flip(a), "ok"
    yield "copy B's magic", flip(b), "ok"
    yield "both magics", flip(a, b), "ENVELOPE_DAMAGED"
    yield "generations", flip(a + 15, b + 15), "ENVELOPE_DAMAGED"
    yield "lengths", flip(a + 19, b + 19), "ENVELOPE_DAMAGED"
    yield "huge lengths", put(a + 16, b"\xff" * 4, put(b + 16, b"\xff" * 4)), "ENVELOPE_DAMAGED"
    yield "zeros after lengths", flip(a + 20, b + 20), "ENVELOPE_DAMAGED"
    yield "checksums", flip(a + 24, b + 24), "ENVELOPE_DAMAGED"
    yield "documents", flip(a + 60, b + 60), "ENVELOPE_DAMAGED"
    yield "one document, the other's zeros", flip(a + 60, b + area - 1), "ENVELOPE_DAMAGED"
    yield "cut in copy A", base[: a + 100], "PAYLOAD_TRUNCATED"
    yield "cut in copy B", base[: b + 100], "PAYLOAD_TRUNCATED"
    yield "no payload", base[:p], "PAYLOAD_TRUNCATED"
    yield "cut in the payload's header", base[: p + 50], "PAYLOAD_TRUNCATED"
    yield "no segments", base[:s], "PAYLOAD_TRUNCATED"
    yield "cut in the payload's header, no copy whole", flip(a, b)[: p + 50], "PAYLOAD_TRUNCATED"
    yield "cut in the first segment, no copy whole", flip(a, b)[: s + 20], None
    yield "31 bytes of a segment", base[: s + 31], "PAYLOAD_TRUNCATED"
    yield "32 bytes of a segment", base[: s + 32], "PAYLOAD_TRUNCATED"
    document = base[a + 56 : a + 56 + int.from_bytes(base[a + 16 : a + 20], "big")]
    newer = json.loads(document)

    def forged(change: dict, generation: int = 2, areas: str = "A") -> bytes:
        text = change if isinstance(change, bytes) else canonical_json(newer | change).encode()
        copy = envelope_copy(text, generation, area)
        return put(b, copy, put(a, copy)) if areas == "AB" else put(a if areas == "A" else b, copy)

    slot = newer["slots"][0]
    yield "a higher generation in A", forged({}), "ENVELOPE_TAMPERED"
    yield "a higher generation in B", forged({}, 2, "B"), "ENVELOPE_TAMPERED"
    yield "generation 0 in A", forged({}, 0), "ok"
    yield "generation 2^53 in A", forged({}, 2**53), "ok"
    yield "generation 2^53 - 1 in A", forged({}, 2**53 - 1), "ENVELOPE_TAMPERED"
    yield "equal generations, another A", forged({"mac": b64(bytes(48))}, 1), "ENVELOPE_TAMPERED"
    yield "equal generations, another B", forged({"mac": b64(bytes(48))}, 1, "B"), "ok"
    yield "a mac of 47 bytes", forged({"mac": b64(bytes(47))}), "ENVELOPE_INVALID"
    yield "a member more", forged({"zzz": "x"}), "ENVELOPE_INVALID"
    yield "no slots", forged({"slots": []}), "ENVELOPE_INVALID"
    yield "33 slots", forged({"slots": [slot] * 33}), "ENVELOPE_INVALID"
    yield "the slot twice", forged({"slots": [slot] * 2}), "ENVELOPE_TAMPERED"
    yield "a slot that is no string", forged({"slots": [1]}), "ENVELOPE_INVALID"
    yield "an empty slot", forged({"slots": [""]}), "ENVELOPE_INVALID"
    yield "other metadata", forged({"metadata": b64(bytes(300))}), "ENVELOPE_TAMPERED"
    yield "metadata of 27 bytes", forged({"metadata": b64(bytes(27))}), "ENVELOPE_INVALID"
    yield "padded base64", forged({"mac": newer["mac"] + "="}), "ENVELOPE_INVALID"
    yield "standard base64", forged({"mac": b64(bytes([251] * 48)).replace("-", "+")}), "ENVELOPE_INVALID"
    yield "stray bits in base64", forged({"metadata": b64(bytes(28))[:-1] + "B"}), "ENVELOPE_INVALID"
    yield "base64 with a space", forged({"mac": newer["mac"][:-1] + " "}), "ENVELOPE_INVALID"
    yield "white space in the document", forged(document + b" "), "ENVELOPE_INVALID"
    yield "a duplicate name", forged(document.replace(b'{"core"', b'{"core":"","core"')), "ENVELOPE_INVALID"
    yield "a byte order mark", forged(b"\xef\xbb\xbf" + document), "ENVELOPE_INVALID"
    yield "another order", forged(json.dumps(dict(reversed(newer.items())), separators=(",", ":")).encode()), "ENVELOPE_INVALID"
    yield "an escaped letter", forged(document.replace(b'"core"', b'"\\u0063ore"')), "ENVELOPE_INVALID"
    yield "an empty document", forged(b""), "ENVELOPE_INVALID"
    yield "no UTF-8", forged(b'{"core":"\xff"}'), "ENVELOPE_INVALID"
    yield "a very deep document", forged(b"[" * 16000), "ENVELOPE_INVALID"
    yield "null", forged(b"null"), "ENVELOPE_INVALID"

    def slotted(**changes) -> bytes:
        return forged({"slots": [b64(canonical_json(json.loads(unb64(slot)) | changes).encode())]})

    yield "slot: another key uri", slotted(key="local:/elsewhere"), "ENVELOPE_TAMPERED"
    yield "slot: a uri of another provider", slotted(key="aws:/x"), "ENVELOPE_INVALID"
    yield "slot: a uri without a scheme", slotted(key="x"), "ENVELOPE_INVALID"
    yield "slot: an empty uri", slotted(key=""), "ENVELOPE_INVALID"
    yield "slot: another provider", slotted(key="aws-kms:x", provider="aws-kms"), "NO_MATCHING_KEY"
    yield "slot: no provider", slotted(provider=""), "ENVELOPE_INVALID"
    yield "slot: an odd provider", slotted(provider="A b", key="A b:x"), "ENVELOPE_INVALID"
    yield "slot: a control character", slotted(key="local:\x9f"), "ENVELOPE_INVALID"
    yield "slot: a uri of 2048", slotted(key="local:".ljust(2048, "x")), "ENVELOPE_TAMPERED"
    yield "slot: a uri of 2049", slotted(key="local:".ljust(2049, "x")), "ENVELOPE_INVALID"
    yield "slot: 1025 characters in 1026 bytes", slotted(version="é" + "x" * 1023), "ENVELOPE_INVALID"
    yield "slot: an empty algorithm", slotted(algorithm=""), "UNWRAP_REJECTED"
    yield "slot: another algorithm", slotted(algorithm="AES-128-GCM"), "UNWRAP_REJECTED"
    yield "slot: version 9", slotted(version=json.loads(unb64(slot))["version"][:-1] + "9"), "UNWRAP_REJECTED"
    yield "slot: version 01", slotted(version=json.loads(unb64(slot))["version"][:-1] + "01"), "UNWRAP_REJECTED"
    yield "slot: no version", slotted(version=""), "UNWRAP_REJECTED"
    yield "slot: nothing wrapped", slotted(wrapped=""), "ENVELOPE_INVALID"
    yield "slot: 6144 bytes wrapped", slotted(wrapped=b64(bytes(6144))), "UNWRAP_REJECTED"
    yield "slot: 6145 bytes wrapped", slotted(wrapped=b64(bytes(6145))), "ENVELOPE_INVALID"
    yield "slot: wrapped bits", slotted(wrapped=b64(b"\1" + bytes(80))), "UNWRAP_REJECTED"
    yield "slot: wrap version 2", slotted(wrapped=b64(b"\2" + bytes(80))), "UNWRAP_REJECTED"
    yield "slot: a member more", slotted(zzz=""), "ENVELOPE_INVALID"
    yield "slot: a number", slotted(version=1), "ENVELOPE_INVALID"
    for name, place in ("version", p), ("second byte", p + 1), ("iv length", p + 9):
        yield f"payload header: {name}", flip(place), "PAYLOAD_HEADER_INVALID"
    yield "payload header: segment length 63", put(p + 2, i2be(63, 4)), "PAYLOAD_HEADER_INVALID"
    yield "payload header: segment length 16777217", put(p + 2, i2be(16777217, 4)), "PAYLOAD_HEADER_INVALID"
    yield "payload header: segment length 4 GiB", put(p + 2, b"\xff" * 4), "PAYLOAD_HEADER_INVALID"
    yield "payload header: another length", put(p + 2, i2be(4096, 4)), "PAYLOAD_HEADER_TAMPERED"
    yield "payload header: another length that leaves too short a last segment", put(p + 2, i2be((len(base) - s) // 3 - 3, 4)), None
    yield "payload header: iv", flip(p + 10), "PAYLOAD_HEADER_TAMPERED"
    yield "payload header: tag", flip(p + 73), "PAYLOAD_HEADER_TAMPERED"
    for i in 0, 2, 4:
        yield f"segment {i}: nonce", flip(s + i * L + 4), "SEGMENT_TAMPERED"
        yield f"segment {i}: ciphertext", flip(s + i * L + 20), "SEGMENT_TAMPERED"
        yield f"segment {i}: tag", flip(s + i * L + len(segments[i]) - 1), "SEGMENT_TAMPERED"
    yield "marker 1: 7fffffff", flip(s + L, bit=7), "SEGMENT_TAMPERED"
    yield "marker 1: 32", put(s + L, i2be(32, 4)), "PAYLOAD_TRAILING_DATA"
    yield "marker 1: L", put(s + L, i2be(L, 4)), "PAYLOAD_TRAILING_DATA"
    yield "marker 1: L + 1", put(s + L, i2be(L + 1, 4)), "SEGMENT_TAMPERED"
    yield "marker 1: 31", put(s + L, i2be(31, 4)), "SEGMENT_TAMPERED"
    last = s + 4 * L
    yield "last marker: not last", put(last, b"\xff" * 4), "PAYLOAD_TRUNCATED"
    yield "last marker: one more", put(last, i2be(rest + 1, 4)), "PAYLOAD_TRUNCATED"
    yield "last marker: one less", put(last, i2be(rest - 1, 4)), "PAYLOAD_TRAILING_DATA" if rest > 32 else "SEGMENT_TAMPERED"
    yield "last marker: 31", put(last, i2be(31, 4)), "SEGMENT_TAMPERED"
    yield "last marker: L + 1", put(last, i2be(L + 1, 4)), "SEGMENT_TAMPERED"
    yield "a byte less", base[:-1], None if rest == 32 else "PAYLOAD_TRUNCATED"
    yield "cut after segment 3", payload(0, 1, 2, 3), "PAYLOAD_TRUNCATED"
    yield "cut after segment 0", payload(0), "PAYLOAD_TRUNCATED"
    yield "cut inside segment 2", payload(0, 1, 2)[:-40], "PAYLOAD_TRUNCATED"
    yield "cut 10 bytes into segment 2", payload(0, 1, extra=segments[2][:10]), "PAYLOAD_TRUNCATED"
    yield "a byte more", base + b"x", "PAYLOAD_TRAILING_DATA"
    yield "L bytes more", base + b"x" * L, "PAYLOAD_TRAILING_DATA"
    yield "up to a full last segment", base + b"x" * (L - rest), "PAYLOAD_TRAILING_DATA"
    yield "10 bytes after a full last segment", full + b"x" * 10, "PAYLOAD_TRAILING_DATA"
    yield "32 bytes after a full last segment", full + b"x" * 32, "PAYLOAD_TRAILING_DATA"
    yield "50 segments more", base + b"x" * (50 * L), "PAYLOAD_TRAILING_DATA"
    yield "1000 segments more", base + b"x" * (1000 * L), None
    yield "the whole file twice", base + base, None
    yield "the payload's segments twice", payload(0, 1, 2, 3, 4, 0, 1, 2, 3, 4), None
    yield "1 and 2 swapped", payload(0, 2, 1, 3, 4), "SEGMENT_REORDERED"
    yield "0 and 3 swapped", payload(3, 1, 2, 0, 4), "SEGMENT_REORDERED"
    yield "rotated", payload(1, 2, 3, 0, 4), "SEGMENT_REORDERED"
    yield "3 over 1", payload(0, 3, 2, 3, 4), "SEGMENT_REPEATED"
    yield "1 over 3", payload(0, 1, 2, 1, 4), "SEGMENT_REPEATED"
    yield "0 over all", payload(0, 0, 0, 0, 4), "SEGMENT_REPEATED"
    yield "1 twice", payload(0, 1, 1, 2, 3, 4), None
    yield "a made-up segment put in", payload(0, 1, 2, extra=b"\xff" * L + segments[3] + segments[4]), None
    yield "a made-up segment put in front", payload(extra=b"\xff" * L + b"".join(segments)), None
    yield "1 to 2 to 0", payload(1, 2, 0, 3, 4), "SEGMENT_REORDERED"
    yield "64 segments more", base + b"x" * (64 * L), None
    yield "65 segments more", base + b"x" * (65 * L), None
    yield "70 segments more, that look as if others followed", base + b"\xff" * (70 * L), None
    yield "1 taken out", payload(0, 2, 3, 4), "SEGMENT_MISSING"
    yield "0 taken out", payload(1, 2, 3, 4), "SEGMENT_MISSING"
    yield "1 to 3 taken out", payload(0, 4), "SEGMENT_MISSING"
    yield "only the last", payload(4), "SEGMENT_MISSING"
    yield "the last and 1 swapped, full", payload(0, 4, 2, 3, 1, of=fulls, start=full), "PAYLOAD_TRAILING_DATA"
    yield "the last before 3", payload(0, 1, 2, 4, 3), None
    yield "the last twice, full", payload(*range(len(fulls)), len(fulls) - 1, of=fulls, start=full), "PAYLOAD_TRAILING_DATA"
    yield "1 over the last", payload(0, 1, 2, 3, 1), "PAYLOAD_TRUNCATED"
    yield "2 changed and 1 taken out", payload(0, 2, 3, 4)[: s + L + 20] + b"?" + payload(0, 2, 3, 4)[s + L + 21 :], "SEGMENT_MISSING"
    yield "segment 1 of another file", payload(0)[: s + L] + full[s + 92 : s + 92 + L] + base[s + 2 * L :], None


def two_recipients(sealed: bytes) -> bytes:
    area = int.from_bytes(sealed[12:16], "big")
    document = json.loads(sealed[PREAMBLE + 56 : PREAMBLE + 56 + int.from_bytes(sealed[PREAMBLE + 16 : PREAMBLE + 20], "big")])
    copy = envelope_copy(canonical_json(document | {"mac": b64(bytes(48))}).encode(), 1, area)
    return sealed[:PREAMBLE] + copy + copy + sealed[PREAMBLE + 2 * area :]
