"""§22: paths of members and files."""
from __future__ import annotations

import re

from .encoding import refuse

# 22.1: controls, the other slash, and what turns the direction of writing or ends a line.
FORBIDDEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def check_path(path: str) -> str:
    names = path.split("/")
    if (
        len(path.encode()) > 2048
        or len(names) > 64
        or any(name in (".", "..") or not 1 <= len(name.encode()) <= 255 for name in names)
        or FORBIDDEN.search(path)
    ):
        refuse("PATH_INVALID", f"{path!r} is no path of a bundle")
    return path


def directories_of(path: str) -> list[str]:
    """Every directory that a path is in, but the root: a/b/c is in a and in a/b."""
    names = path.split("/")
    return ["/".join(names[:count]) for count in range(1, len(names))]
