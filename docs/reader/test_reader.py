#!/usr/bin/env python3
"""Compares weightseal_reader.py with the library: what it sealed opens here to the same bytes, what this file's own writer
sealed opens there, and what was changed is refused by both with the same code.

    WEIGHTSEAL_NODE=node python test_reader.py [-v]        (needs a build: packages/*/dist)
"""
from __future__ import annotations

import hashlib, json, os, subprocess, sys, tempfile, time
from pathlib import Path

import weightseal_reader as r
from weightseal_reader import AESGCM, HEADER, OVERHEAD, PREAMBLE, b64, canonical_json, i2be, kdf, lp

HERE = Path(__file__).resolve().parent
NODE = os.environ.get("WEIGHTSEAL_NODE", "node")
VERBOSE = "-v" in sys.argv[1:]
passed, failures = 0, []


def check(name: str, ours: object, theirs: object) -> None:
    global passed
    if ours == theirs:
        passed += 1
    else:
        failures.append(name)
    if VERBOSE or ours != theirs:
        print(f"{'ok  ' if ours == theirs else 'FAIL'} {name}: {ours}" + ("" if ours == theirs else f", not {theirs}"))


# ---- a writer, from FORMAT.md too ------------------------------------------------------------------------------------


def envelope_copy(document: bytes, generation: int, area: int) -> bytes:  # 4.1
    start = b"WSENVLP1" + i2be(generation, 8) + i2be(len(document), 4) + bytes(4)
    return (start + hashlib.sha256(start + document).digest() + document).ljust(area, b"\0")


def wrap(key_file: r.LocalKeyFile, data_key: bytes, context: bytes, **changes) -> bytes:
    salt, version = os.urandom(32), max(key_file.keys, key=int)
    okm = kdf(key_file.keys[version], key_file.LABEL + salt, 48)
    aad = key_file.LABEL + lp(key_file.id) + i2be(int(version), 4) + context
    wrapped = b"\x01" + salt + AESGCM(okm[:32]).encrypt(okm[32:44], data_key, aad)
    slot = {"algorithm": "AES-256-GCM", "key": "local:/a.key", "provider": "local", "wrapped": b64(wrapped)}
    return canonical_json(slot | {"version": f"{key_file.id.hex()}/{version}"} | changes).encode()


def write(keys, plain=b"", *, L=64, context={}, parts=None, area=16384, generation=1, core_changes={}, slot_changes={}, slots=None,
          metadata={}, sealed_metadata=None, document_changes={}, document=None, header=None, first_number=0) -> bytes:  # fmt: skip
    """A sealed file; every keyword but the first three is for a file that is wrong somewhere, or unusual."""
    data_key, id_ = os.urandom(32), os.urandom(16)
    core = {"algorithm": "FLOE-AES-256-GCM", "context": context, "format": "weightseal", "id": b64(id_),
            "payloads": [{"name": "payload"}], "version": 1} | core_changes  # fmt: skip
    core = core_changes if isinstance(core_changes, bytes) else canonical_json(core).encode()
    if slots is None:
        slots = [wrap(key, data_key, canonical_json(context).encode(), **slot_changes) for key in keys]
    text = metadata if isinstance(metadata, bytes) else canonical_json(metadata).encode()
    if sealed_metadata is None:
        key, nonce = kdf(data_key, b"weightseal/v1/metadata-key\0" + id_, 32), os.urandom(12)
        text = text if text.endswith(b"\n") else text.ljust(-(-len(text) // 256) * 256)
        sealed_metadata = nonce + AESGCM(key).encrypt(nonce, text, b"weightseal/v1/metadata\0" + lp(core))
    head = r.Head(area, generation, True, core, b"", sealed_metadata, slots, context, id_, [], b"", L)
    fields = {"core": b64(core), "mac": b64(r.envelope_mac(data_key, head)), "metadata": b64(sealed_metadata),
              "slots": [b64(slot) for slot in slots]} | document_changes  # fmt: skip
    document = canonical_json(fields).encode() if document is None else document
    key, aad = kdf(data_key, b"weightseal/v1/payload-key\0" + id_ + b"payload", 32), b"weightseal/v1/payload\0" + lp(core) + lp(b"payload")
    start = (header or b"\0\0" + i2be(L, 4) + i2be(32, 4)) + os.urandom(32)
    payload = start + kdf(key, start + b"HEADER_TAG:" + aad, 32)
    message_key = kdf(key, start + b"MESSAGE_KEY:" + aad, 48)
    size = L - OVERHEAD
    parts = [plain[i : i + size] for i in range(0, max(1, len(plain)), size)] if parts is None else parts
    for number, part in enumerate(parts, first_number):
        last, nonce = number == first_number + len(parts) - 1, os.urandom(12)
        cipher = AESGCM(kdf(message_key, start + b"DEK:" + i2be(number >> 20 << 20, 8) + aad, 32))
        payload += i2be(len(part) + OVERHEAD if last else r.NOT_LAST, 4) + nonce
        payload += cipher.encrypt(nonce, part, i2be(number, 8) + bytes([last]))
    preamble = b"\x89WSEAL\r\n" + i2be(1, 2) + i2be(0, 2) + i2be(area, 4) + i2be(PREAMBLE + 2 * area, 8)
    return preamble.ljust(PREAMBLE, b"\0") + 2 * envelope_copy(document, generation, area) + payload


# ---- cases: (name, bytes of the file, names of key files, expected context, what FORMAT.md says or None) ---------------


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
        return forged({"slots": [b64(canonical_json(json.loads(r.unb64(slot)) | changes).encode())]})

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
    yield "slot: version 9", slotted(version=json.loads(r.unb64(slot))["version"][:-1] + "9"), "UNWRAP_REJECTED"
    yield "slot: version 01", slotted(version=json.loads(r.unb64(slot))["version"][:-1] + "01"), "UNWRAP_REJECTED"
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


def written(key, other):
    """Files of this file's writer: whole ones, and ones that only somebody with the data key can make."""
    keys, ok = [key], "ok"
    text = bytes(range(256))
    yield "plain", write(keys, text, metadata={"size": 256}), ok
    yield "empty", write(keys), ok
    yield "an empty last segment after others", write(keys, parts=[text[:32], text[:32], b""]), ok
    yield "an empty last segment, size right", write(keys, parts=[text[:32], text[:32], b""], metadata={"size": 64}), ok
    yield "area 4096", write(keys, text, area=4096), ok
    yield "area 1 MiB", write(keys, text, area=1048576), ok
    yield "generation 2^53 - 1", write(keys, text, generation=2**53 - 1), ok
    yield "two slots, the first another's", write([other, key], text), ok
    yield "32 slots", write([other] * 31 + [key], text, area=65536), ok
    yield "L = 16 MiB", write(keys, text, L=16777216), ok
    yield "L = 16 MiB + 1, authentic", write(keys, text, L=16777217), "PAYLOAD_HEADER_INVALID"
    yield "L = 63, authentic", write(keys, text, L=63), "PAYLOAD_HEADER_INVALID"
    yield "size too large", write(keys, text, metadata={"size": 257}), "PAYLOAD_TRUNCATED"
    yield "size too small", write(keys, text, metadata={"size": 255}), "PAYLOAD_TRAILING_DATA"
    yield "a digest that is wrong", write(keys, text, metadata={"digest": "sha256:" + "0" * 64}), ok
    yield "a metadata member more", write(keys, text, metadata={"zzz": [{"a": 1}]}), ok
    yield "metadata 6 deep", write(keys, text, metadata={"zzz": [[[[[]]]]]}), ok
    yield "metadata 6 deep with a number", write(keys, text, metadata={"zzz": [[[[[1]]]]]}), ok
    yield "metadata 7 deep with a number", write(keys, text, metadata=b'{"zzz":[[[[[[1]]]]]]}'), "METADATA_TAMPERED"
    yield "metadata 8 deep", write(keys, text, metadata=b'{"zzz":[[[[[[[]]]]]]]}'), "METADATA_TAMPERED"
    yield "metadata 7 deep", write(keys, text, metadata=b'{"zzz":[[[[[[]]]]]]}'), ok
    yield "metadata 7 deep with an empty object", write(keys, text, metadata=b'{"zzz":[[[[[[{}]]]]]]}'), "METADATA_TAMPERED"
    yield "metadata with true", write(keys, text, metadata=b'{"zzz":true}'), "METADATA_TAMPERED"
    yield "metadata with 1.5", write(keys, text, metadata=b'{"zzz":1.5}'), "METADATA_TAMPERED"
    yield "metadata with 1e3", write(keys, text, metadata=b'{"zzz":1e3}'), "METADATA_TAMPERED"
    yield "metadata with -0", write(keys, text, metadata=b'{"zzz":-0}'), "METADATA_TAMPERED"
    yield "metadata with 2^53", write(keys, text, metadata=b'{"zzz":9007199254740992}'), "METADATA_TAMPERED"
    yield "metadata with 1 - 2^53", write(keys, text, metadata={"zzz": 1 - 2**53}), ok
    yield "metadata with __proto__", write(keys, text, metadata=b'{"__proto__":"x"}'), ok
    yield "metadata with a lone surrogate", write(keys, text, metadata=b'{"zzz":"\\ud800"}'), "METADATA_TAMPERED"
    yield "metadata with a literal U+007F", write(keys, text, metadata={"zzz": "\x7f\u2028\ufeff"}), ok
    yield "metadata with escaped controls", write(keys, text, metadata={"zzz": "\x00\x1f\b\t\n\f\r\"\\/"}), ok
    yield "metadata with an upper-case escape", write(keys, text, metadata=b'{"zzz":"\\u001F"}'), "METADATA_TAMPERED"
    yield "metadata sorted by code points", write(keys, text, metadata='{"\ufb33":"","😀":""}'.encode()), "METADATA_TAMPERED"
    yield "metadata sorted by code units", write(keys, text, metadata={"\ufb33": "", "😀": ""}), ok
    yield "metadata that is an array", write(keys, text, metadata=b"[]"), "METADATA_TAMPERED"
    yield "metadata not padded to 256", write(keys, text, metadata=b"{}\n"), "METADATA_TAMPERED"
    yield "metadata padded twice as long", write(keys, text, metadata=b"{}".ljust(512)), ok
    yield "metadata with no spaces' space", write(keys, text, metadata=b"{ }"), "METADATA_TAMPERED"
    yield "metadata of 0 bytes", write(keys, text, metadata=b""), "METADATA_TAMPERED"
    yield "metadata of 16,156 bytes", write(keys, text, metadata={"zzz": "x" * 16000}, area=65536), ok
    yield "metadata that is too long", write(keys, text, metadata={"zzz": "x" * 16300}, area=65536), "ENVELOPE_INVALID"
    yield "metadata of 16,384 bytes that does not verify", write(keys, text, sealed_metadata=bytes(16384), area=65536), "METADATA_TAMPERED"
    yield "metadata of 16,385 bytes", write(keys, text, sealed_metadata=bytes(16385), area=65536), "ENVELOPE_INVALID"
    yield "metadata that does not verify", write(keys, text, sealed_metadata=bytes(284)), "METADATA_TAMPERED"
    yield "metadata of 28 bytes that does not verify", write(keys, text, sealed_metadata=bytes(28)), "METADATA_TAMPERED"
    yield "size a string", write(keys, text, metadata={"size": "256"}), "METADATA_TAMPERED"
    yield "size an array", write(keys, text, metadata={"size": []}), "METADATA_TAMPERED"
    yield "size negative", write(keys, text, metadata={"size": -1}), "METADATA_TAMPERED"
    yield "name a number", write(keys, text, metadata={"name": 1}), "METADATA_TAMPERED"
    yield "name with a directory", write(keys, text, metadata={"name": "a/b"}), "METADATA_TAMPERED"
    yield "name empty", write(keys, text, metadata={"name": ""}), "METADATA_TAMPERED"
    yield "name ..", write(keys, text, metadata={"name": ".."}), "METADATA_TAMPERED"
    yield "created not a time", write(keys, text, metadata={"created": "yesterday"}), "METADATA_TAMPERED"
    yield "created with an offset", write(keys, text, metadata={"created": "2026-01-01T00:00:00+01:00"}), "METADATA_TAMPERED"
    yield "digest in upper case", write(keys, text, metadata={"digest": "sha256:" + "A" * 64}), "METADATA_TAMPERED"
    yield "digest of another algorithm", write(keys, text, metadata={"digest": "md5:00"}), "METADATA_TAMPERED"
    for created in ("2026-01-02T03:04:05Z", "2028-02-29T23:59:59.123456789Z", "0000-02-29T00:00:00.0Z", "9999-12-31T23:59:59Z"):
        yield f"created {created}", write(keys, text, metadata={"created": created}), ok
    for created in ("", "Z", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05Z\n",
                    "\n2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00", "2026-01-02T03:04Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05,1Z",
                    "2026-01-02T03:04:05.1234567890Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
                    "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T23:60:00Z", "2016-12-31T23:59:60Z", "12026-01-02T03:04:05Z",
                    "+002026-01-02T03:04:05Z", "-001-01-02T03:04:05Z", "٢٠٢٦-01-02T03:04:05Z", "2026-1-2T03:04:05Z", "20260102T030405Z", "2026-W01-1T00:00:00Z"):  # fmt: skip
        yield f"created {created!r}", write(keys, text, metadata={"created": created}), "METADATA_TAMPERED"
    for provider in ("a:b", "Local", "1x", "+x", "x_y", "x y", "ä", "x/y", "x%41", "-", "x\ufeff"):
        yield f"slot: provider {provider!r}", write(keys, text, slot_changes={"provider": provider, "key": provider + ":k"}), "ENVELOPE_INVALID"
    for provider in ("x", "x1+.-", "z" * 64):
        yield f"slot: provider {provider!r}", write(keys, text, slot_changes={"provider": provider, "key": provider + ":k"}), "NO_MATCHING_KEY"
    yield "slot: a key of another case", write(keys, text, slot_changes={"key": "LOCAL:/a.key"}), "ENVELOPE_INVALID"
    core = {"core_changes": {"version": 2}}
    yield "core: version 2", write(keys, text, **core), "UNSUPPORTED_VERSION"
    yield "core: version '1'", write(keys, text, core_changes={"version": "1"}), "UNSUPPORTED_VERSION"
    yield "core: version 2 and a member more", write(keys, text, core_changes={"version": 2, "zzz": ""}), "UNSUPPORTED_VERSION"
    yield "core: version 2 and a wrong context", write(keys, text, core_changes={"version": 2, "context": 5}), "UNSUPPORTED_VERSION"
    yield "core: version 2 and a wrong slot", write(keys, text, slots=[b"{}"], **core), "UNSUPPORTED_VERSION"
    yield "core: version 2 and a wrong mac", write(keys, text, document_changes={"mac": ""}, **core), "UNSUPPORTED_VERSION"
    for name in "version", "algorithm", "format", "id":
        fields = {"algorithm": "FLOE-AES-256-GCM", "context": {}, "format": "weightseal", "id": b64(bytes(16)), "payloads": [{"name": "payload"}],
                  "version": 1}  # fmt: skip
        del fields[name]
        code = "UNSUPPORTED_VERSION" if name in ("version", "algorithm") else "ENVELOPE_INVALID"
        yield f"core: no {name}", write(keys, text, document_changes={"core": b64(canonical_json(fields).encode())}), code
    yield "core: another algorithm", write(keys, text, core_changes={"algorithm": "FLOE-X"}), "UNSUPPORTED_VERSION"
    yield "core: algorithm a number", write(keys, text, core_changes={"algorithm": 1}), "UNSUPPORTED_VERSION"
    yield "core: another format", write(keys, text, core_changes={"format": "other"}), "ENVELOPE_INVALID"
    yield "core: another format and version", write(keys, text, core_changes={"format": "other", "version": 2}), "ENVELOPE_INVALID"
    yield "core: an id of 15 bytes", write(keys, text, core_changes={"id": b64(bytes(15))}), "ENVELOPE_INVALID"
    yield "core: a member more", write(keys, text, core_changes={"zzz": ""}), "ENVELOPE_INVALID"
    yield "core: two payloads", write(keys, text, core_changes={"payloads": [{"name": "payload"}] * 2}), "ENVELOPE_INVALID"
    yield "core: no payload", write(keys, text, core_changes={"payloads": []}), "ENVELOPE_INVALID"
    yield "core: a payload of another name", write(keys, text, core_changes={"payloads": [{"name": "x"}]}), "ENVELOPE_INVALID"
    yield "core: a payload with a member more", write(keys, text, core_changes={"payloads": [{"name": "payload", "x": 1}]}), "ENVELOPE_INVALID"
    yield "core: an array", write(keys, text, document_changes={"core": b64(b"[]")}), "ENVELOPE_INVALID"
    yield "context: 64 members", write(keys, text, context={f"k{i}": "" for i in range(64)}), ok
    yield "context: 65 members", write(keys, text, context={f"k{i}": "" for i in range(65)}), "ENVELOPE_INVALID"
    yield "context: 4096 bytes", write(keys, text, context={"a": "x" * (4096 - 8)}), ok
    yield "context: 4097 bytes", write(keys, text, context={"a": "x" * (4097 - 8)}), "ENVELOPE_INVALID"
    yield "context: a number", write(keys, text, context={"a": 1}), "ENVELOPE_INVALID"
    yield "context: an empty name", write(keys, text, context={"": "x"}), "ENVELOPE_INVALID"
    yield "context: an empty value", write(keys, text, context={"x": ""}), ok
    yield "context: a C1 control", write(keys, text, context={"x": "\x85"}), "ENVELOPE_INVALID"
    yield "context: U+007F in a name", write(keys, text, context={"\x7f": "x"}), "ENVELOPE_INVALID"
    yield "context: U+00A0, U+2028, U+FEFF", write(keys, text, context={"\xa0": "\u2028", "\ufeff": "\uffff"}), ok
    yield "context: __proto__", write(keys, text, context={"__proto__": "x"}), ok
    yield "context: an array", write(keys, text, core_changes={"context": []}), "ENVELOPE_INVALID"
    bad = wrap(key, bytes(32), b"{}", wrapped=b64(b"\1" + bytes(80)))
    yield "slots: one that does not verify and a version that is not there", write(
        keys, text, slots=[bad, wrap(key, bytes(32), b"{}", version=f"{key.id.hex()}/9")]), None  # fmt: skip
    yield "slots: another data key", write(keys, text, slots=[wrap(key, bytes(32), b"{}")]), "ENVELOPE_TAMPERED"
    yield "slots: another data key, and one that does not verify", write(keys, text, slots=[wrap(key, bytes(32), b"{}"), bad]), "ENVELOPE_TAMPERED"
    yield "slots: bound to another context", write(keys, text, slots=[wrap(key, bytes(32), b'{"a":"b"}')]), "UNWRAP_REJECTED"
    swaps, L, s = write(keys, bytes(32 * 300)), 64, PREAMBLE + 2 * 16384 + HEADER
    for first, second in (10, 74), (10, 75), (0, 298):
        data, at = bytearray(swaps), (s + first * L, s + second * L)
        data[at[0] : at[0] + L], data[at[1] : at[1] + L] = data[at[1] : at[1] + L], data[at[0] : at[0] + L]
        yield f"{first} and {second} swapped", bytes(data), None
    yield "64 segments taken out", write(keys, parts=[b"x"], first_number=64), None
    yield "65 segments taken out", write(keys, parts=[b"x"], first_number=65), None
    yield "segments from number 1 on", write(keys, text, first_number=1), "SEGMENT_MISSING"
    yield "a segment beyond the search", write(keys, parts=[b"x"], first_number=5000), None
    yield "a segment of the next key's epoch", write(keys, parts=[b"x"], first_number=1 << 20), None
    yield "a short segment in the middle", write(keys, parts=[text[:32], text[:31], text[:1]]), None


# ---- the vectors: FORMAT.md, appendix C ------------------------------------------------------------------------------

VECTORS = HERE.parents[1] / "packages" / "core" / "vectors"


class GivenKey:
    """Gives the data key of a vector, whatever the slot says."""

    provider = "vector"

    def __init__(self, data_key: str):
        self.data_key = bytes.fromhex(data_key)

    def unwrap(self, _slot: r.Slot, _context: bytes) -> bytes:
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
            return r.inspect(source) and None
    except r.SealError as error:
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
            seen = r.inspect(source)
            metadata = r.SealedFile(source, [GivenKey(vector["dataKey"])]).metadata
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
        key = r.LocalKeyFile(str(file)) if "keyFile" in vector else r.Passphrase(bytes.fromhex(vector["passphrase"]))
        try:
            found = key.unwrap(r.Slot(slot["algorithm"], "", vector["provider"], slot["version"], bytes.fromhex(slot["wrapped"])), context).hex()
        except r.SealError as error:
            found = error.code
        check(f"wrap {vector['name']}", found, vector.get("dataKey", vector.get("code")))


# ---- the comparison --------------------------------------------------------------------------------------------------


def ours(file: Path, keys: list, context: dict) -> tuple[str, str]:
    def run(make) -> str:
        sha256 = hashlib.sha256()
        try:
            with open(file, "rb") as source:
                for part in make(source):
                    sha256.update(part)
            return f"ok {sha256.hexdigest()}"
        except r.SealError as error:
            return error.code

    return run(lambda f: r.SealedFile(f, keys, context).segments()), run(lambda f: r.stream_segments(f, keys, context)[1])


def command_line(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, HERE / "weightseal_reader.py", *map(str, arguments)], input=stdin, capture_output=True)


def open_with_passphrase(at: Path, plain: bytes) -> tuple[int, bytes]:
    (at / "words").write_bytes(b"correct horse\n")
    (at / "words").chmod(0o600)
    done = command_line("open", at / "words.sealed", "--passphrase-file", at / "words", "-o", "-")
    return done.returncode, done.stdout


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weightseal-reader-") as name:
        at = Path(name)
        node = [NODE, HERE / "make_sealed.mjs"]
        subprocess.run([*node, "make", at], check=True)
        key, other = r.LocalKeyFile(at / "one.key"), r.LocalKeyFile(at / "two.key")
        by_name = {"one.key": key, "two.key": other}

        for made in json.loads((at / "made.json").read_text()):
            plain, label = (at / made["plain"]).read_bytes(), f"sealed there: {made['file']} with {made['keyFile']}"
            verdict = f"ok {hashlib.sha256(plain).hexdigest()}"
            check(label, ours(at / made["file"], [by_name[made["keyFile"]]], made["context"]), (verdict, verdict))
            with open(at / made["file"], "rb") as file:
                sealed = r.SealedFile(file, [by_name[made["keyFile"]]])
                size, L = len(plain), sealed.payload.length - OVERHEAD
                ranges = [(0, 1), (size // 2, 100), (max(0, size - 5), 100), (L - 1, 2), (L, L + 1), (size, 1), (size + 9, 9), (0, 0)]
                check(f"{label}: ranges", [b"".join(sealed.range(*x)) for x in ranges], [plain[o : o + n] for o, n in ranges])
                check(f"{label}: digest", b"".join(r.digested(sealed.segments(), sealed.metadata.get("digest"))) == plain, True)
                check(f"{label}: segment length", sealed.payload.length, made["segmentLength"])

        vectors(at)
        ids = [command_line("inspect", at / file).stdout.split(b'"id": ')[1][:34] for file in (f"{(3 << 20) + 17}-4096.sealed", "resealed.sealed")]
        check("a reseal has a new id", ids[0] != ids[1], True)
        base, context = (at / "base.sealed").read_bytes(), {"model": "llama", "version": "7"}
        cases = [(name, data, ["one.key"], context, says) for name, data, says in mutations(base, (at / "full.sealed").read_bytes())]
        cases += [(f"written here: {name}", data, ["one.key"], {}, says) for name, data, says in written(key, other)]
        cases += [
            ("the wrong key", base, ["two.key"], context, "UNWRAP_REJECTED"),
            ("the wrong key, then the right one", base, ["two.key", "one.key"], context, "ok"),
            ("no context expected", base, ["one.key"], {}, "ok"),
            ("one of two context members expected", base, ["one.key"], {"model": "llama"}, "ok"),
            ("another value expected", base, ["one.key"], {"model": "llama", "version": "8"}, "CONTEXT_MISMATCH"),
            ("another member expected", base, ["one.key"], {"author": "x"}, "CONTEXT_MISMATCH"),
            ("another context and the wrong key", base, ["two.key"], {"model": "x"}, "CONTEXT_MISMATCH"),
            ("the wrong key and a payload header's bit", base[:-1] + b"?", ["two.key"], context, "UNWRAP_REJECTED"),
            ("the wrong key and segment length 63", base[:36866] + i2be(63, 4) + base[36870:], ["two.key"], context, None),
            ("a wrong context and segment length 63", base[:36866] + i2be(63, 4) + base[36870:], ["one.key"], {"model": "x"}, None),
            ("a wrong context and too short a last segment", base[:36864 + 74 + 96 + 9], ["one.key"], {"model": "x"}, None),
            ("two recipients, the mac changed", two_recipients((at / "both.sealed").read_bytes()), ["one.key"], {}, "ENVELOPE_TAMPERED"),
            ("two recipients, the mac changed, both keys", two_recipients((at / "both.sealed").read_bytes()), ["one.key", "two.key"], {}, "ENVELOPE_TAMPERED"),
            ("the wrong key, tampered envelope", base[:4111] + b"\2" + base[4112:], ["two.key"], context, None),
        ]  # fmt: skip
        listed = []
        for i, (name, data, key_files, context, _) in enumerate(cases):
            (at / f"case-{i}").write_bytes(data)
            listed.append({"file": str(at / f"case-{i}"), "keyFiles": [str(at / k) for k in key_files], "context": context})
        (at / "list.json").write_text(json.dumps(listed))
        subprocess.run([*node, "judge", at / "list.json", at / "verdicts.json"], check=True)
        for i, (case, verdict) in enumerate(zip(cases, json.loads((at / "verdicts.json").read_text()))):
            name, _, key_files, context, says = case
            file, stream = ours(at / f"case-{i}", [by_name[k] for k in key_files], context)
            check(f"{name} (file)", file, verdict["file"])
            check(f"{name} (stream)", stream, verdict["stream"])
            if says is not None:
                check(f"{name} (FORMAT.md)", file.split()[0], says)

        sealed, plain, out = at / "100-4096.sealed", (at / "plain-100").read_bytes(), at / "out"
        common = (sealed, "--key-file", at / "one.key")
        done = command_line("open", *common, "-o", out)
        check("command line: open", (done.returncode, out.exists() and out.read_bytes()), (0, plain))
        done = command_line("open", *common, "-o", out)
        check("command line: not over another file", (done.returncode, done.stderr[:13]), (3, b"OUTPUT_EXISTS"))
        done = command_line("open", "-", *common[1:], "-o", "-", stdin=sealed.read_bytes())
        check("command line: a pipe", (done.returncode, done.stdout), (0, plain))
        done = command_line("range", *common, "--offset", 7, "--length", 9)
        check("command line: range", (done.returncode, done.stdout), (0, plain[7:16]))
        check("command line: verify", command_line("verify", *common).returncode, 0)
        done = command_line("inspect", sealed)
        check("command line: inspect", (done.returncode, json.loads(done.stdout)["size"]), (0, 100))
        done = command_line("open", at / "case-0", *common[1:], "-o", at / "none")
        check("command line: a refusal", (done.returncode, done.stderr.split(b":")[0], (at / "none").exists()), (3, b"NOT_SEALED", False))
        wrong = at / "wrong"
        wrong.write_bytes(write([key], b"x", metadata={"digest": "sha256:" + "0" * 64}))
        done = command_line("verify", wrong, *common[1:])
        check("command line: a wrong digest", (done.returncode, done.stderr.split(b":")[0]), (3, b"DIGEST_MISMATCH"))
        data = bytearray((at / "base.sealed").read_bytes())
        data[PREAMBLE + int.from_bytes(data[12:16], "big") + 5000] = 1  # among the zeros of copy B
        (at / "unequal").write_bytes(data)
        done = command_line("verify", at / "unequal", *common[1:])
        check("command line: unequal copies are told", (done.returncode, done.stderr[:5], json.loads(done.stdout)["copiesEqual"]), (0, b"note:", False))
        done = command_line("verify", at / "unequal", *common[1:], "--strict")
        check("command line: and refused", (done.returncode, done.stderr.split(b":")[0]), (3, b"ENVELOPE_DAMAGED"))
        check("command line: a passphrase", open_with_passphrase(at, plain), (0, plain))
        keyed = (at / "one.key").read_bytes()
        for name, change in {"a line less": lambda k: b"\n".join(k.split(b"\n")[1:]), "an upper-case digit": lambda k: k.replace(b"id ", b"id A"),
                             "a bit of a secret": lambda k: k.replace(b"key 1 ", b"key 3 ", 1), "nothing": lambda k: b""}.items():  # fmt: skip
            (at / "damaged.key").write_bytes(change(keyed))
            (at / "damaged.key").chmod(0o600)
            check(f"command line: a key file with {name}", command_line("verify", sealed, "--key-file", at / "damaged.key").stderr.split(b":")[0], b"KEY_FILE_INVALID")
        (at / "one.key").chmod(0o644)
        check("command line: an exposed key", command_line("verify", *common).stderr.split(b":")[0], b"KEY_FILE_EXPOSED")
        check("nothing is left behind", [str(x) for x in at.glob(".weightseal-*")], [])
    print(f"reader: {passed} passed, {len(failures)} failed ({time.monotonic() - began:.1f} s)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
