#!/usr/bin/env python3
"""Compares the reader with the library: what it sealed opens here to the same bytes, what the small writers in tests/
sealed open there, and what was changed is refused by both with the same code.

    WEIGHTSEAL_NODE=node python test_reader.py [-v]        (needs a build: packages/*/dist)
"""
from __future__ import annotations

import sys, tempfile, time
from pathlib import Path

from tests import check
from tests.bundles import test_bundles
from tests.commands import test_commands
from tests.files import test_files


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weightseal-reader-") as name:
        test_files(Path(name))
        test_bundles(Path(name))
        test_commands(Path(name))
    print(f"reader: {check.passed} passed, {len(check.failures)} failed ({time.monotonic() - began:.1f} s)")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
