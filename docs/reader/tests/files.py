"""Sealed files: what the library sealed opens here, what was sealed here opens there, and both refuse with the same code."""
from __future__ import annotations

import hashlib, json
from pathlib import Path

from weightseal.encoding import i2be
from weightseal.file import SealedFile
from weightseal.floe import OVERHEAD
from weightseal.keys import LocalKeyFile
from weightseal.output import digested

from .check import check, command_line, judge, library
from .file_cases import mutations, two_recipients
from .file_vectors import vectors
from .verdict import ours
from .written_files import written


def test_files(at: Path) -> None:
    library("make", at)
    key, other = LocalKeyFile(at / "one.key"), LocalKeyFile(at / "two.key")
    by_name = {"one.key": key, "two.key": other}

    for made in json.loads((at / "made.json").read_text()):
        plain, label = (at / made["plain"]).read_bytes(), f"sealed there: {made['file']} with {made['keyFile']}"
        verdict = f"ok {hashlib.sha256(plain).hexdigest()}"
        check(label, ours(at / made["file"], [by_name[made["keyFile"]]], made["context"]), (verdict, verdict))
        with open(at / made["file"], "rb") as file:
            sealed = SealedFile(file, [by_name[made["keyFile"]]])
            size, L = len(plain), sealed.payload.length - OVERHEAD
            ranges = [(0, 1), (size // 2, 100), (max(0, size - 5), 100), (L - 1, 2), (L, L + 1), (size, 1), (size + 9, 9), (0, 0)]
            check(f"{label}: ranges", [b"".join(sealed.range(*x)) for x in ranges], [plain[o : o + n] for o, n in ranges])
            check(f"{label}: digest", b"".join(digested(sealed.segments(), sealed.metadata.get("digest"))) == plain, True)
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
    for i, (case, verdict) in enumerate(zip(cases, judge("judge", listed, at))):
        name, _, key_files, context, says = case
        file, stream = ours(at / f"case-{i}", [by_name[k] for k in key_files], context)
        check(f"{name} (file)", file, verdict["file"])
        check(f"{name} (stream)", stream, verdict["stream"])
        if says is not None:
            check(f"{name} (FORMAT.md)", file.split()[0], says)
