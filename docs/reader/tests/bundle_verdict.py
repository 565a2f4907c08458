"""What the reader here says of a bundle: in the words of make_sealed.mjs."""
from __future__ import annotations

import hashlib, os
from pathlib import Path

from weightseal.bundle import Bundle, inspect_bundle
from weightseal.encoding import SealError


def tree_digest(entries: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()


def ours(at: Path, keys: list, context: dict, allow_extra: tuple[str, ...] = ()) -> str:
    """'ok' and a digest of all that the bundle opens to, or the code."""
    try:
        with Bundle(str(at), keys, context, allow_extra) as bundle:
            entries = []
            bundle.see(list(bundle.table.members.values()))
            for path, member in bundle.table.members.items():
                if member.file is not None:
                    sha256 = hashlib.sha256()
                    for part in bundle.read(member):
                        sha256.update(part)
                    entries.append(f"{'program' if member.executable else 'file'} {path} {sha256.hexdigest()}")
                elif member.target is not None:
                    entries.append(f"link {path} {os.path.relpath('/' + member.target, os.path.dirname('/' + path))}")
                else:
                    entries.append(f"directory {path}")
            return f"ok {tree_digest(entries)}"
    except SealError as error:
        return error.code


def shown(at: Path) -> str:
    try:
        return "ok" if inspect_bundle(str(at)) else "nothing"
    except SealError as error:
        return error.code


def read_tree(at: Path) -> str:
    """The digest of a directory of plaintext."""
    entries = []
    for path in sorted(at.rglob("*")):
        name = path.relative_to(at).as_posix()
        if path.is_symlink():
            entries.append(f"link {name} {os.readlink(path)}")
        elif path.is_dir():
            entries.append(f"directory {name}")
        else:
            kind = "program" if path.stat().st_mode & 0o100 else "file"
            entries.append(f"{kind} {name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return tree_digest(entries)
