#!/usr/bin/env python3
"""A reader for what weightseal seals, written from FORMAT.md alone. FILE may be a sealed file or a bundle (a directory).

    python weightseal_reader.py inspect FILE
    python weightseal_reader.py list    BUNDLE --key-file PATH [--context k=v]...
    python weightseal_reader.py verify  FILE --key-file PATH [--context k=v]... [--strict]
    python weightseal_reader.py open    FILE --key-file PATH [--context k=v]... -o OUT|-      (FILE may be - : a stream)
    python weightseal_reader.py range   FILE --key-file PATH [--context k=v]... --offset N --length M [--member PATH]

--passphrase-file PATH names a file that holds a passphrase, instead of or beside --key-file. A refusal prints its error code on stderr and exits with 3.
"""
from __future__ import annotations

import argparse, json, os, re, sys
from typing import Any

from weightseal.bundle import Bundle, inspect_bundle
from weightseal.encoding import SealError, refuse
from weightseal.file import SealedFile, inspect, stream_segments
from weightseal.keys import LocalKeyFile, Passphrase, read_private_file
from weightseal.output import digested, write, write_bundle


def show(value: Any, indent: int | None = None) -> None:
    print(json.dumps(value, indent=indent, ensure_ascii=False))


def keys_of(options: argparse.Namespace) -> list[Any]:
    keys: list[Any] = [LocalKeyFile(path) for path in options.key_file]
    return keys + [Passphrase(re.sub(rb"\r?\n\Z", b"", read_private_file(path))) for path in options.passphrase_file]


def run_on_bundle(options: argparse.Namespace) -> None:
    if options.command == "inspect":
        return show(inspect_bundle(options.file), 2)
    with Bundle(options.file, keys_of(options), dict(options.context), tuple(options.allow_extra)) as bundle:
        members = bundle.table.members
        if options.command == "list":
            for member in members.values():
                show({"path": member.path, "kind": member.kind, "size": member.size})
        elif options.command == "verify":
            bundle.see(list(members.values()))
            size = sum(len(part) for member in bundle.table.files.values() for part in bundle.read(member, True))
            show({"id": bundle.envelope.id.hex(), "verified": size, "members": len(members), "metadata": bundle.metadata})
        elif options.command == "open":
            write_bundle(bundle, options.output, options.check_digest)
        else:
            member = members.get(options.member or "")
            if member is None or member.file is None:
                refuse("INVALID_ARGUMENT", "--member takes the path of a file in the bundle")
            write(bundle.range(member, options.offset, options.length), options.output)


def run_on_file(options: argparse.Namespace) -> None:
    stream = options.file == "-"
    if options.command == "list" or (stream and options.command != "open"):
        refuse("INVALID_ARGUMENT", f"{options.command} needs another kind of file")
    with sys.stdin.buffer if stream else open(options.file, "rb") as file:
        if options.command == "inspect":
            return show(inspect(file), 2)
        keys, context = keys_of(options), dict(options.context)
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
            show({"id": sealed.head.envelope.id.hex(), "verified": size, "metadata": metadata, "copiesEqual": equal})


def arguments() -> argparse.Namespace:
    def pair(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        return (name, value) if name and equals else refuse("INVALID_ARGUMENT", "--context takes name=value")

    def natural(text: str) -> int:
        return int(text) if int(text) >= 0 else refuse("INVALID_ARGUMENT", "not below zero")

    parser = argparse.ArgumentParser(description="An independent reader for weightseal's sealed files and bundles.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in "inspect", "list", "verify", "open", "range":
        command = commands.add_parser(name)
        command.add_argument("file")
        if name != "inspect":
            command.add_argument("--key-file", action="append", default=[], help="the path of a local: key file")
            command.add_argument("--passphrase-file", action="append", default=[], help="the path of a file that holds a passphrase")
            command.add_argument("--context", action="append", type=pair, default=[], metavar="NAME=VALUE")
            command.add_argument("--allow-extra", action="append", default=[], metavar="PATH", help="what may stand in a bundle besides its own (24.3)")
        if name == "open":
            command.add_argument("--check-digest", action="store_true")
        if name == "verify":
            command.add_argument("--strict", action="store_true", help="refuse a file whose two copies of the envelope differ, too")
        if name == "range":
            command.add_argument("--offset", type=natural, required=True)
            command.add_argument("--length", type=natural, required=True)
            command.add_argument("--member", help="which file of a bundle")
        if name in ("open", "range"):
            command.add_argument("-o", "--output", required=name == "open", default="-")
    return parser.parse_args()


def main() -> int:
    try:
        options = arguments()
        (run_on_bundle if os.path.isdir(options.file) else run_on_file)(options)
        return 0
    except SealError as error:
        code, message = error.code, str(error)
    except OSError as error:
        code, message = "INPUT_NOT_FOUND" if isinstance(error, FileNotFoundError) else "IO_ERROR", str(error)
    print(f"{code}: {message}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
