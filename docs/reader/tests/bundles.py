"""Bundles: what the library sealed opens here, what was sealed here opens there, and both refuse with the same code."""
from __future__ import annotations

import json, os, random, shutil
from pathlib import Path

from weightseal.bundle import Bundle
from weightseal.keys import LocalKeyFile

from .bundle_changes import changes
from .bundle_lines import forms, paths
from .bundle_tables import envelopes, tables
from .bundle_trees import made_there
from .bundle_vectors import test_bundle_vectors
from .bundle_verdict import ours, read_tree, shown
from .bundle_writer import bundle, lay_out, public, sealed
from .check import check, command_line, judge, library

SAME = {"NO_MATCHING_KEY": "UNWRAP_REJECTED"}  # 11.2 lets a reader pass over a slot that is another key's


def same(code: str, other: str) -> bool:
    """21.4: of a member a reader may say more."""
    more = code == "MEMBER_TAMPERED" and other.startswith(("SEGMENT_", "PAYLOAD_"))
    return more or SAME.get(code, code) == SAME.get(other, other)


def compare(cases: list[tuple], key: LocalKeyFile, at: Path) -> None:
    listed = []
    for number, (_, tree, _) in enumerate(cases):
        lay_out(tree, at / f"bundle-{number}")
        listed.append({"directory": str(at / f"bundle-{number}"), "keyFiles": [str(at / "one.key")], "context": {}})
    for (name, _, says), case, verdict in zip(cases, listed, judge("judge", listed, at, "make_bundles.mjs")):
        code = ours(Path(case["directory"]), [key], {})
        check(f"bundle: {name}", code if same(code, verdict["opened"]) else (code, "here"), code if same(code, verdict["opened"]) else verdict["opened"])
        check(f"bundle: {name} (without a key)", shown(Path(case["directory"])), verdict["shown"])
        if says is not None:
            check(f"bundle: {name} (FORMAT.md)", code.split()[0], says)
        shutil.rmtree(case["directory"])


def test_made_there(key: LocalKeyFile, at: Path) -> None:
    made = made_there(at, random.Random(1))
    (at / "list.json").write_text(json.dumps(made))
    library("make", at / "list.json", at / "out.json", script="make_bundles.mjs")
    for one in made:
        context = one["options"].get("context", {})
        check(f"bundle sealed there: {one['from']}", ours(Path(one["to"]), [key], context), f"ok {read_tree(Path(one['from']))}")
        check(f"bundle sealed there: {one['from']}, another context", ours(Path(one["to"]), [key], {"model": "x"}), "CONTEXT_MISMATCH")


def test_rewrapped(key: LocalKeyFile, other: LocalKeyFile, at: Path) -> None:
    place, plain = at / "sealed-shards", f"ok {read_tree(at / 'shards')}"
    before, table = ((place / name).read_bytes() for name in ("weightseal.json", "weightseal.table"))
    (at / "list.json").write_text(json.dumps([{"bundle": str(place), "keyFile": str(at / "one.key"), "newKeyFile": str(at / "two.key")}]))
    library("rewrap", at / "list.json", at / "out.json", script="make_bundles.mjs")
    check("bundle rewrapped there", (ours(place, [other], {}), ours(place, [key], {})), (plain, "UNWRAP_REJECTED"))
    check("bundle rewrapped there: the table stays", (place / "weightseal.table").read_bytes() == table, True)
    (place / "weightseal.json").write_bytes(before)
    check("bundle rewrapped there: its older envelope opens (25.3)", ours(place, [key], {}), plain)


def test_ranges(key: LocalKeyFile, at: Path) -> None:
    plain = bytes(range(256)) * 2
    lay_out(bundle([key], [sealed("a", plain), public("p", plain), sealed("empty")]), at / "ranged")
    with Bundle(str(at / "ranged"), [key]) as opened:
        for path, whole in ("a", plain), ("p", plain), ("empty", b""):
            ranges = [(0, 1), (31, 2), (32, 33), (500, 100), (512, 1), (600, 9), (0, 0), (0, 10**9)]
            member = opened.table.members[path]
            check(f"bundle: ranges of {path}", [b"".join(opened.range(member, *one)) for one in ranges], [whole[o : o + n] for o, n in ranges])


def test_commands(at: Path) -> None:
    common = (at / "ranged", "--key-file", at / "one.key")
    done = command_line("open", *common, "-o", at / "opened")
    check("command line: open a bundle", (done.returncode, sorted(os.listdir(at / "opened"))), (0, ["a", "empty", "p"]))
    check("command line: open a bundle over another", command_line("open", *common, "-o", at / "opened").stderr[:13], b"OUTPUT_EXISTS")
    check("command line: verify a bundle", json.loads(command_line("verify", *common).stdout)["verified"], 1024)
    check("command line: list a bundle", command_line("list", *common).stdout.count(b"\n"), 3)
    check("command line: inspect a bundle", json.loads(command_line("inspect", at / "ranged").stdout)["generation"], 1)
    done = command_line("range", *common, "--member", "a", "--offset", 7, "--length", 3)
    check("command line: range of a member", (done.returncode, done.stdout), (0, b"\7\10\11"))
    (at / "ranged" / "extra").write_bytes(b"")
    check("command line: an extra file", command_line("verify", *common).stderr.split(b":")[0], b"MEMBER_EXTRA")
    check("command line: an extra file that is allowed", command_line("verify", *common, "--allow-extra", "extra").returncode, 0)
    payload = (at / "ranged" / "a.sealed").read_bytes()
    (at / "ranged" / "a.sealed").write_bytes(payload[:-1] + bytes([payload[-1] ^ 1]))
    done = command_line("open", *common, "--allow-extra", "extra", "-o", at / "never")
    check("command line: a changed member", (done.stderr.split(b":")[0], (at / "never").exists()), (b"MEMBER_TAMPERED", False))


def test_bundles(at: Path) -> None:
    key, other = LocalKeyFile(str(at / "one.key")), LocalKeyFile(str(at / "two.key"))
    test_bundle_vectors(at)
    test_made_there(key, at)
    test_rewrapped(key, other, at)
    for cases in tables(key), forms(key), paths(key), envelopes(key, other), changes(key, 40):
        compare(list(cases), key, at)
    test_ranges(key, at)
    test_commands(at)
