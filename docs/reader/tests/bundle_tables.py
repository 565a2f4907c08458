"""Bundles that only somebody with the data key can make, by their members and their envelope: (name, bundle, what FORMAT.md says)."""
from __future__ import annotations

from weightseal.encoding import b64

from .bundle_writer import Line, bundle, directory, header, link, public, sealed
from .file_writer import wrap

INVALID = "TABLE_INVALID"
TEXT = bytes(range(200))


def tables(key):
    """Of §20 and §21."""
    keys, a = [key], sealed("a", TEXT)

    def of(*lines, **how) -> dict:
        return bundle(keys, list(lines), **how)

    def changed(name: str, value: object, line: Line = a) -> dict:
        return of(line | {name: value})

    yield "a file", of(a), "ok"
    yield "nothing", of(), "ok"
    yield "all kinds", of(a, public("b", b"x"), directory("d"), link("l", "d"), sealed("d/e", b""), link("m", "a")), "ok"
    yield "a payload elsewhere", of(sealed("a", TEXT, file="x/y/z")), "ok"
    yield "members under names of the bundle's own", of(directory("weightseal.json"), sealed("weightseal.table", file="x")), "ok"
    yield "a file at the root called as a directory that is none of files", of(directory("d"), sealed("e", file="d")), "ok"
    yield "executable", of(a | {"executable": 1}, public("b") | {"executable": 1}), "ok"
    for value in 0, 2, "1", {}:
        yield f"executable {value!r}", changed("executable", value), INVALID
    yield "a directory that is executable", of(directory("d") | {"executable": 1}), INVALID
    for name in "digest", "file", "header", "id", "key", "kind", "path", "sealedDigest", "size":
        yield f"no {name}", changed(name, None), INVALID
        yield f"{name} a number", changed(name, 7) if name != "size" else changed(name, "7"), INVALID
        yield f"{name} an array", changed(name, []), INVALID
    for name in "digest", "id", "key", "sealedDigest", "header":
        yield f"{name} a byte short", changed(name, a[name][:-2]), INVALID
        yield f"{name} empty", changed(name, ""), INVALID
        yield f"{name} padded", changed(name, a[name] + "="), INVALID
        yield f"{name} in other letters", changed(name, "+" * len(a[name])), INVALID
    for name in "digest", "id", "key", "sealedDigest", "header":
        stray = a[name][:-1] + chr(ord(a[name][-1]) + 1)
        yield f"{name} with a stray bit", changed(name, stray), INVALID
    for kind in "file", "SEALED", "", "__proto__":
        yield f"kind {kind!r}", changed("kind", kind), INVALID
    yield "kind public with all of a sealed one", changed("kind", "public"), INVALID
    yield "a member more", changed("zzz", 1), INVALID
    yield "a target of a sealed one", changed("target", "a"), INVALID
    yield "a size of a directory", of(directory("d") | {"size": 0}), INVALID
    for size in 201, 199, 2**45:
        yield f"size {size}", changed("size", size), "MEMBER_TAMPERED"
    for size in -1, 2**53 - 1:  # 2^53 - 1 would be too many segments of 64
        yield f"size {size}", changed("size", size), INVALID
    yield "sizes that add up to 2^53", of(sealed("a") | {"size": 2**53 - 1}, sealed("b") | {"size": 1}), INVALID
    yield "sizes that add up to 2^53 - 1", of(sealed("a") | {"size": 2**53 - 2, "header": header(1 << 20)}, sealed("b", b"x")), "MEMBER_TAMPERED"
    yield "2^40 segments", of(sealed("a") | {"size": 2**45}), "MEMBER_TAMPERED"
    yield "a byte more than 2^40 segments", of(sealed("a") | {"size": 2**45 + 1}), INVALID
    yield "a public file of another size", of(public("a", b"xy") | {"size": 3}), "MEMBER_TAMPERED"
    yield "a public file of another digest", of(public("a", b"xy") | {"digest": a["digest"]}), "MEMBER_TAMPERED"
    yield "a digest that is wrong", changed("digest", b64(bytes(32))), "ok"
    yield "a digest of the payload that is wrong", changed("sealedDigest", b64(bytes(32))), "ok"
    for what in header(63), header(16_777_217), header(64, b"\1\0"), header(64, b"\0\1"), header(64, iv=33):
        yield "a header that is none", changed("header", what), INVALID
    yield "another header", changed("header", header(96)), "MEMBER_TAMPERED"
    yield "another header of the same length", changed("header", header(64)), "MEMBER_TAMPERED"
    yield "L of 16 MiB", of(sealed("a", TEXT, L=16_777_216)), "ok"
    yield "another id", changed("id", b64(bytes(16))), "MEMBER_TAMPERED"
    yield "another key", changed("key", b64(bytes(32))), "MEMBER_TAMPERED"
    yield "an empty last segment", of(sealed("a", TEXT[:32], parts=[TEXT[:32], b""])), "MEMBER_TAMPERED"
    yield "short segments", of(sealed("a", TEXT[:40], parts=[TEXT[:8], TEXT[8:40]])), "MEMBER_TAMPERED"
    yield "one payload for two", of(a, a | {"path": "b"}), INVALID
    yield "two payloads of the same bytes", of(a, a | {"path": "b", "file": "c"}) | {"c": a.lies}, "ok"

    yield "out of order", of(sealed("b"), sealed("a"), sort=False), INVALID
    yield "a path twice", of(sealed("a"), sealed("a", file="b"), sort=False), INVALID
    yield "a directory twice", of(directory("d"), directory("d")), INVALID
    yield "in the order of UTF-16", of(sealed("😀"), sealed("\ufb33"), sort=False), INVALID
    yield "in the order of UTF-8", of(sealed("\ufb33"), sealed("😀")), "ok"
    yield "in the order of bytes, not of names", of(directory("a"), sealed("a-b"), sealed("a/b")), "ok"
    yield "in the order of names, not of bytes", of(directory("a"), sealed("a/b"), sealed("a-b"), sort=False), INVALID
    yield "no directory above", of(sealed("d/e")), INVALID
    yield "a file above", of(sealed("d"), sealed("d/e")), INVALID
    yield "a public file above", of(public("d"), sealed("d/e", file="x")), INVALID
    yield "a link above", of(directory("c"), link("d", "c"), sealed("d/e")), INVALID
    yield "not all directories above", of(directory("a"), sealed("a/b/c")), INVALID

    for name in "weightseal.json", "weightseal.table", "weightseal.json/x", ".0.weightseal-tmp", f".{'f' * 32}.weightseal-lock", ".0.weightseal-tmp/x", "weightseal.sealing", "weightseal.manifest.json", "weightseal.sig":
        yield f"a payload in {name}", of(a | {"file": name}), INVALID
    for name in "weightseal.json", "weightseal.table", "weightseal.sealing", ".0.weightseal-tmp":
        yield f"a public {name}", of(Line(public(name, b""))), INVALID
    for name in "x/weightseal.json", ".weightseal-tmp", f".{'f' * 33}.weightseal-lock", ".A.weightseal-tmp", "0.weightseal-tmp", ".0.weightseal-tmp.sealed", "WEIGHTSEAL.JSON":
        yield f"a payload in {name}, which is free", of(sealed("a", file=name)), "ok"
    yield "a payload in a directory that is one", of(sealed("a") | {"file": "x"}, sealed("b") | {"file": "x/y"}), INVALID
    yield "a payload in a directory that is one, the other way round", of(sealed("a") | {"file": "x/y/z"}, sealed("b") | {"file": "x"}), INVALID
    yield "a payload in a public file", of(sealed("a") | {"file": "b/y"}, public("b")), INVALID
    yield "a payload under a public one's path", of(sealed("a") | {"file": "b"}, public("b")), INVALID
    yield "two payloads in one file", of(sealed("a") | {"file": "x"}, sealed("b") | {"file": "x"}), INVALID


def envelopes(key, other):
    """Of §18 and §25."""
    keys, lines, invalid = [key], [sealed("a", TEXT), public("b", b"x")], "ENVELOPE_INVALID"

    def of(**how) -> dict:
        return bundle(how.pop("keys", keys), lines, **how)

    yield "envelope: a context", of(context={"model": "m", "😀": "ü\u2028", "\ufb33": ""}), "ok"
    for generation in 2, 2**53 - 1:
        yield f"envelope: generation {generation}", of(generation=generation), "ok"
    for generation in 0, -1, "1", [], None:
        yield f"envelope: generation {generation!r}", of(generation=generation), invalid
    for name in "core", "generation", "mac", "metadata", "slots", "table":
        yield f"envelope: no {name}", of(document={name: None}), invalid
        yield f"envelope: {name} {{}}", of(document={name: {}}), invalid
        yield f"envelope: {name} empty", of(document={name: ""}), invalid
    yield "envelope: a member more", of(document={"zzz": 1}), invalid
    for name in "digest", "header", "size":
        yield f"envelope: no {name} of the table", of(reference={name: None}), invalid
        yield f"envelope: {name} of the table []", of(reference={name: []}), invalid
    yield "envelope: a member more of the table", of(reference={"zzz": 1}), invalid
    for size in -1, 105, 1_073_741_825:
        yield f"envelope: a table of {size}", of(reference={"size": size}), invalid
    for size in 106, 1_073_741_824:
        yield f"envelope: a table of {size}, which could be", of(reference={"size": size}), "TABLE_TAMPERED"
    for what in header(63), header(16_777_217), header(64, b"\1\0"), header(64, b"\0\1"), header(64, iv=33), header()[:-2]:
        yield "envelope: a header of the table that is none", of(reference={"header": what}), invalid
    yield "envelope: another header of the table", of(reference={"header": header(4096)}), "TABLE_TAMPERED"
    yield "envelope: another digest of the table", of(reference={"digest": b64(bytes(32))}), "ENVELOPE_TAMPERED"
    yield "envelope: another generation than the MAC's", of(document={"generation": 2}), "ENVELOPE_TAMPERED"
    for name, value, code in (("format", "weightseal", invalid), ("format", "other", invalid), ("version", 2, "UNSUPPORTED_VERSION"), ("version", None, "UNSUPPORTED_VERSION"),
                              ("algorithm", "X", "UNSUPPORTED_VERSION"), ("algorithm", None, "UNSUPPORTED_VERSION"), ("id", b64(bytes(15)), invalid),
                              ("payloads", [{"name": "payload"}], invalid), ("payloads", [], invalid), ("zzz", 1, invalid), ("context", [], invalid),
                              ("context", {"a": 1}, invalid), ("context", {"a": "\x85"}, invalid)):  # fmt: skip
        yield f"core: {name} {value!r}", of(core={name: value}), code
    yield "core: another version, and a generation that is none", of(core={"version": 2}, generation=0), "UNSUPPORTED_VERSION"
    yield "core: another version, and a table that is none", of(core={"version": 2}, reference={"size": 1}), "UNSUPPORTED_VERSION"
    yield "core: another version, and no slots", of(core={"version": 2}, slots=[]), invalid
    yield "slots: none", of(slots=[]), invalid
    yield "slots: 33", of(slots=[wrap(key, bytes(32), b"{}")] * 33), invalid
    yield "slots: of another key, and ours", of(keys=[other, key]), "ok"
    yield "slots: of another key", of(keys=[other]), "UNWRAP_REJECTED"
    yield "slots: another data key", of(slots=[wrap(key, bytes(32), b"{}")]), "ENVELOPE_TAMPERED"
    yield "slots: one that is none", of(slots=[b"{}"]), invalid
    yield "slots: another provider", of(slots=[wrap(key, bytes(32), b"{}", provider="x", key="x:")]), "NO_MATCHING_KEY"
    for metadata in b"[]", b"", b'{"name":"a/b"}', b'{"created":"now"}', b'{"size":"1"}', b'{"digest":"x"}':
        yield f"metadata: {metadata!r}", of(metadata=metadata), "METADATA_TAMPERED"
    for metadata in {"name": "ü", "created": "2026-01-02T03:04:05Z"}, {"size": 7, "digest": "sha256:" + "0" * 64}, {"zzz": [1]}:
        yield f"metadata: {metadata!r}", of(metadata=metadata), "ok"
    yield "metadata: that does not verify", of(sealed_metadata=bytes(284)), "METADATA_TAMPERED"
    yield "metadata: 27 bytes", of(sealed_metadata=bytes(27)), invalid
    yield "metadata: 16,385 bytes", of(sealed_metadata=bytes(16_385)), invalid
    yield "metadata before the table", bundle(keys, text=b"\n", sealed_metadata=bytes(284)), "METADATA_TAMPERED"
