"""Files of this project's small writer: (name, bytes of the file, what FORMAT.md says or None)."""
from __future__ import annotations

from weightseal.encoding import b64, canonical_json
from weightseal.file import PREAMBLE
from weightseal.floe import HEADER

from .file_writer import wrap, write


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
