"""The vectors of bundles: FORMAT.md, appendix C."""
from __future__ import annotations

import hashlib, json, shutil
from pathlib import Path

from weightseal.bundle import Bundle, inspect_bundle
from weightseal.encoding import SealError

from .bundle_verdict import ours, shown
from .bundle_writer import lay_out
from .check import check
from .file_vectors import VECTORS, GivenKey


def digest_of(files: dict[str, bytes]) -> str:
    sha256 = hashlib.sha256()
    for name in sorted(files, key=str.encode):
        sha256.update(name.encode() + b"\0" + len(files[name]).to_bytes(8, "big") + files[name])
    return sha256.hexdigest()


def unhex(files: dict[str, str | None]) -> dict[str, bytes | None]:
    return {name: None if text is None else bytes.fromhex(text) for name, text in files.items()}


def read_all(at: Path, data_key: str, context: dict) -> tuple:
    with Bundle(str(at), [GivenKey(data_key)], context) as bundle:
        members = []
        for path, member in bundle.table.members.items():
            seen = {"kind": member.kind, "path": path}
            if member.file is not None:
                seen |= {"executable": member.executable, "plaintext": b"".join(bundle.read(member, True)).hex()}
            members.append(seen if member.target is None else seen | {"target": member.target})
        return members, bundle.metadata, bundle.envelope.generation, bundle.envelope.context


def code_of_opening(at: Path, data_key: str) -> str | None:
    try:
        with Bundle(str(at), [GivenKey(data_key)]):
            return None
    except SealError as error:
        return error.code


def test_bundle_vectors(at: Path) -> None:
    bundles, faults = (json.loads((VECTORS / f"{name}.json").read_text()) for name in ("bundles", "bundle-faults"))
    by_name = {vector["name"]: vector for vector in bundles}
    place = at / "bundle-vector"
    for vector in bundles:
        files, label = unhex(vector["files"]), f"vector {vector['name']}"
        lay_out(files, place)
        check(f"{label}: files", digest_of(files), vector["sha256"])
        wanted = vector["members"], vector["metadata"], vector["generation"], vector["context"]
        check(label, read_all(place, vector["dataKey"], vector["context"]), wanted)
        seen = inspect_bundle(str(place))
        check(f"{label}: without a key", (seen["generation"], [one["key"] for one in seen["recipients"]]), (vector["generation"], vector["keyUris"]))
        shutil.rmtree(place)
    for vector in faults:
        of, label = by_name[vector["of"]], f"vector {vector['name']}"
        lay_out({**unhex(of["files"]), **unhex(vector["files"])}, place)
        check(label, ours(place, [GivenKey(of["dataKey"])], {}), vector["code"])
        check(f"{label}: opening", code_of_opening(place, of["dataKey"]), None if vector.get("foundByReading") else vector["code"])
        check(f"{label}: without a key", shown(place), vector.get("codeWithoutKey", "ok"))
        shutil.rmtree(place)
