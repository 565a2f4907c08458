"""Bundles that only somebody with the data key can make, by the text of their table, their paths and links: (name, bundle, what FORMAT.md says)."""
from __future__ import annotations

from weightseal.encoding import canonical_json

from .bundle_writer import bundle, directory, header, link, public, sealed

INVALID, PATH, LINK = "TABLE_INVALID", "PATH_INVALID", "LINK_INVALID"


def forms(key):
    """Of the table's text, and the table's own payload: §19, 20.1."""
    keys, line = [key], canonical_json(directory("a")).encode()

    def of(text: bytes, **table) -> dict:
        return bundle(keys, text=text, table=table)

    yield "text: a line", of(line + b"\n"), "ok"
    yield "text: no line feed at the end", of(line), INVALID
    yield "text: an empty line", of(b"\n"), INVALID
    yield "text: an empty line at the end", of(line + b"\n\n"), INVALID
    yield "text: carriage return", of(line + b"\r\n"), INVALID
    yield "text: a space", of(line + b" \n"), INVALID
    yield "text: a byte order mark", of(b"\xef\xbb\xbf" + line + b"\n"), INVALID
    yield "text: another order", of(b'{"path":"a","kind":"directory"}\n'), INVALID
    yield "text: a name twice", of(b'{"kind":"directory","kind":"directory","path":"a"}\n'), INVALID
    yield "text: an array", of(b"[]\n"), INVALID
    yield "text: null", of(b"null\n"), INVALID
    yield "text: an escaped letter", of(b'{"kind":"directory","path":"\\u0061"}\n'), INVALID
    yield "text: an escaped slash", of(b'{"kind":"directory","path":"a"}\n{"kind":"directory","path":"a\\/b"}\n'), INVALID
    yield "text: an escaped quotation mark", of(b'{"kind":"directory","path":"\\""}\n'), "ok"
    yield "text: no UTF-8", of(b'{"kind":"directory","path":"\xff"}\n'), INVALID
    yield "text: half a surrogate pair", of(b'{"kind":"directory","path":"\xed\xa0\x80"}\n'), INVALID
    yield "text: an escaped half of a surrogate pair", of(b'{"kind":"directory","path":"\\ud800"}\n'), INVALID
    yield "text: an overlong slash", of(b'{"kind":"directory","path":"a"}\n{"kind":"directory","path":"a\xc0\xafb"}\n'), INVALID
    for size in b"1.0", b"1e2", b"-0", b"01", b"+1", b" 1", b"1 ", b"9007199254740992", b'"1"', b"true", b"null", b"":
        yield f"text: size {size!r}", of(canonical_json(public("a")).encode().replace(b':0}', b":" + size + b"}") + b"\n"), INVALID
    yield "text: a line of 16,384 bytes and more", of(line[:-1] + b',"zzz":"' + b"z" * 17_000 + b'"}\n'), INVALID
    yield "text: a million spaces", of(b" " * 1_000_000), INVALID
    yield "a table in segments of 64", of(line + b"\n", L=64), "ok"
    yield "a table in one segment of 16 MiB", of(line + b"\n", L=16_777_216), "ok"
    yield "a table without a line feed, and an empty last segment", of(line + b"\n", parts=[line.ljust(4064), b""]), INVALID
    rows = b"".join(canonical_json(directory(f"{i:04}")).encode() + b"\n" for i in range(500))
    full = rows[: 4064 * (len(rows) // 4064)]
    yield "a good table with an empty last segment", of(b"", parts=[line + b"\n", b""], L=len(line) + 33), "ok"
    yield "a table with a short segment in the middle", of(b"", parts=[rows[:100], rows[100:200], rows[200:250]]), "TABLE_TAMPERED"
    yield "many lines across segments of 64", of(rows, L=64), "ok"
    yield "many lines, cut in a line", of(full), INVALID
    # Whoever takes all the lines comes to the link, and nobody writes a million directories.
    million, nowhere = b"".join(b'{"kind":"directory","path":"%07d"}\n' % i for i in range(2**20 - 1)), canonical_json(link("x", "y")).encode() + b"\n"
    yield "2^20 lines", of(million + nowhere, L=1 << 20), LINK
    yield "2^20 lines and one", of(million + nowhere + nowhere.replace(b'"x"', b'"z"'), L=1 << 20), INVALID


def paths(key):
    """Of §22 and §23."""
    keys = [key]

    def of(*lines) -> dict:
        return bundle(keys, list(lines))

    deep = [directory("/".join(["d"] * n)) for n in range(1, 65)]
    long = "/".join(["x" * 255] * 8)
    yield "path: 64 names", of(*deep), "ok"
    yield "path: 65 names", of(*deep, directory("/".join(["d"] * 65))), PATH
    yield "path: a payload 64 deep", of(sealed("a", file="/".join(["d"] * 64))), "ok"
    yield "path: a payload 65 deep", bundle(keys, [sealed("a") | {"file": "/".join(["d"] * 65)}]), PATH
    names = [directory("/".join(["x" * 255] * n)) for n in range(1, 9)]
    yield f"path: {len(long)} bytes", of(*names), "ok"
    yield "path: 2048 bytes", of(*names[:7], directory("/".join(["x" * 255] * 7) + "/" + "y" * 253 + "z"), directory("/".join(["x" * 255] * 7) + "/" + "z" * 255)), "ok"
    yield "path: 2049 bytes", of(*names, directory(long + "/y")), PATH
    yield "path: 256 bytes in a name", of(directory("x" * 256)), PATH
    yield "path: 255 bytes in 128 characters", of(directory("é" * 127 + "x")), "ok"
    yield "path: 256 bytes in 128 characters", of(directory("é" * 128)), PATH
    for path in ("", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/./b", "a/../b", "\\", "a\\b", "\0", "a\n", "\x1f", "\x7f", "\x80", "\x9f",
                 "\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "a\u202eb"):  # fmt: skip
        yield f"path: {path!r}", bundle(keys, [directory("a"), directory(path)]), PATH
        yield f"file: {path!r}", bundle(keys, [sealed("a") | {"file": path}]), PATH
        yield f"target: {path!r}", bundle(keys, [directory("a"), link("b", path)]), PATH
    for path in ("...", "..a", "a.", " ", "a ", " a", "\xa0", "~", "-", "*", "C:", "con", "%2f", "\u200d", "\u2027", "\u202f", "\u2065", "\u206a", "\ufeff", "\uffff", "\ufffd", "\u0301", "'", "$(x)"):
        yield f"path: {path!r}, which may be", of(sealed(path)), "ok"
    yield "path: composed, decomposed, other case", of(sealed("é", b"1"), sealed("e\u0301", b"2"), sealed("É", b"3")), "ok"
    yield "a path that is none before a header that is none", bundle(keys, [sealed("a") | {"file": "..", "header": header(63)}]), PATH
    yield "a header that is none before a path that is none", bundle(keys, [sealed("a") | {"path": "..", "header": header(63)}]), PATH
    yield "a path that is none out of order", bundle(keys, [directory("z"), directory("..")], sort=False), PATH
    yield "a path that is none, and a digest", bundle(keys, [sealed("a") | {"path": "..", "digest": ""}]), INVALID
    yield "a path that is none, and a size", bundle(keys, [sealed("a") | {"path": "..", "size": -1}]), INVALID
    yield "a path that is none, and a member more", bundle(keys, [sealed("a") | {"path": "..", "zzz": -1}]), INVALID
    yield "a path that is none, and no size", bundle(keys, [sealed("a") | {"path": "..", "size": None}]), INVALID
    yield "a path that is none, and too many segments", bundle(keys, [sealed("a") | {"path": "..", "size": 2**45 + 1}]), PATH
    yield "too many segments, out of order", bundle(keys, [directory("b"), sealed("a") | {"size": 2**45 + 1}], sort=False), INVALID
    yield "a link that is none, and a path after it", bundle(keys, [link("a", "zzz"), directory("b/")]), PATH
    yield "a link that is none, and a file in a file", bundle(keys, [link("a", "zzz"), sealed("b") | {"file": "x"}, sealed("c") | {"file": "x/y"}]), INVALID

    d = [directory("d"), directory("d/e"), sealed("d/f", b"1"), public("p")]
    for target in "d", "d/e", "d/f", "p":
        yield f"link: to {target}", of(*d, link("l", target)), "ok"
    yield "link: from below to above", of(*d, link("d/l", "p")), "ok"
    yield "link: two to one", of(*d, link("l", "d/f"), link("m", "d/f")), "ok"
    yield "link: to its neighbour directory", of(*d, link("d/l", "d/e")), "ok"
    yield "link: to nothing", of(*d, link("l", "x")), LINK
    yield "link: to the payload", of(*d, link("l", "d/f.sealed")), LINK
    yield "link: to itself", of(*d, link("l", "l")), LINK
    yield "link: to a link", of(*d, link("l", "p"), link("m", "l")), LINK
    yield "link: to its own directory", of(*d, link("d/l", "d")), LINK
    yield "link: to a directory above its own", of(*d, link("d/e/l", "d")), LINK
    yield "link: to a directory that has one", of(*d, link("d/e/l", "p"), link("l", "d")), LINK
    yield "link: to a directory beside one that has one", of(*d, directory("g"), link("d/l", "p"), link("g/l", "d/e")), "ok"
    yield "link: below a link", of(*d, link("l", "d"), link("l/m", "p")), INVALID
    yield "link: to what is below a link", of(*d, link("l", "d"), link("m", "l/f")), LINK
