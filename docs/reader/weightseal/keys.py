"""Appendices A and B, and 11.2: keys, and how they give the data key of an envelope."""
from __future__ import annotations

import hashlib, hmac, os, re, stat
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .encoding import TIME, SealError, canonical_json, i2be, is_time, kdf, lp, refuse
from .envelope import Envelope, Slot, envelope_mac

KEY_LINE = rb"key ([1-9][0-9]{0,9}) (" + TIME.replace("(", "(?:").encode() + rb"Z) ([0-9a-f]{64})\n"
KEY_FILE = re.compile(rb"#[^\n]*\nweightseal-key 1\nid ([0-9a-f]{32})\n((?:" + KEY_LINE + rb"){1,512})")  # B.1


def read_private_file(path: str) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                refuse("KEY_FILE_INVALID", f"{path} is not a regular file")
            if os.name == "posix" and mode & 0o077:
                refuse("KEY_FILE_EXPOSED", f"{path} can be touched by group or others")
            return file.read(65_537)
    except FileNotFoundError:
        refuse("KEY_NOT_FOUND", f"there is no {path}")


def open_body(kek: bytes, label: bytes, body: bytes, bound: bytes) -> bytes:  # A.2
    okm = kdf(kek, label + body[:32], 48)
    try:
        return AESGCM(okm[:32]).decrypt(okm[32:44], body[32:], label + bound)
    except InvalidTag:
        refuse("UNWRAP_REJECTED", "the wrapped key does not verify")


class LocalKeyFile:
    provider = "local"
    LABEL = b"weightseal/local/wrap/1"

    def __init__(self, path: str):
        body, mark, check = read_private_file(path).rpartition(b"check ")
        found = KEY_FILE.fullmatch(body)
        lines = re.findall(KEY_LINE, found[2]) if found else []
        numbers = [int(number) for number, _, _ in lines]
        if (
            not found or check != hashlib.sha256(body).hexdigest().encode() + b"\n" or len(body + mark + check) > 65_536
            or numbers != sorted(set(numbers)) or numbers[-1] >= 2**32 or not all(is_time(time.decode(), False) for _, time, _ in lines)
        ):  # fmt: skip
            refuse("KEY_FILE_INVALID", f"{path} is damaged, or no key file")
        self.id = bytes.fromhex(found[1].decode())
        self.keys = {number.decode(): bytes.fromhex(secret.decode()) for number, _, secret in lines}

    def unwrap(self, slot: Slot, context: bytes) -> bytes:  # A.4
        key_id, _, version = slot.version.partition("/")
        kek = self.keys.get(version)
        if slot.algorithm != "AES-256-GCM" or key_id != self.id.hex() or kek is None:
            refuse("UNWRAP_REJECTED", "wrapped under another key, or a version that the key file does not have")
        if len(slot.wrapped) != 81 or slot.wrapped[0] != 1:
            refuse("UNWRAP_REJECTED", "not a local wrap")
        return open_body(kek, self.LABEL, slot.wrapped[1:], lp(self.id) + i2be(int(version), 4) + context)


class Passphrase:
    provider = "passphrase"
    LABEL = b"weightseal/passphrase/wrap/1"

    def __init__(self, passphrase: bytes):
        self.passphrase = passphrase or refuse("PASSPHRASE_REQUIRED", "the passphrase is empty")

    def unwrap(self, slot: Slot, context: bytes) -> bytes:  # A.3, A.4
        if slot.algorithm != "scrypt-AES-256-GCM" or len(slot.wrapped) != 84 or slot.wrapped[0] != 1:
            refuse("UNWRAP_REJECTED", "not a wrap of a passphrase")
        _, log_n, r, p = slot.wrapped[:4]
        if not (14 <= log_n <= 20 and 1 <= r <= 16 and 1 <= p <= 4 and 128 * r * p << log_n <= 2**30):
            refuse("UNWRAP_REJECTED", "the parameters of scrypt are beyond the limits")
        memory = 128 * r * ((1 << log_n) + p + 2) + 1024
        kek = hashlib.scrypt(self.passphrase, salt=slot.wrapped[4:36], n=1 << log_n, r=r, p=p, maxmem=memory, dklen=32)
        return open_body(kek, self.LABEL, slot.wrapped[4:], slot.wrapped[:4] + context)


def unlock(envelope: Envelope, keys: list[Any], expected: dict[str, str]) -> bytes:  # 11.1, clauses 2 to 4
    for name, value in expected.items():
        if envelope.context.get(name) != value:
            refuse("CONTEXT_MISMATCH", f"sealed for another context: {name!r}")
    failures: dict[str, SealError] = {}
    context = canonical_json(envelope.context).encode()
    for key in keys:
        for slot in envelope.slots:
            if slot.provider != key.provider:
                continue
            try:
                data_key = key.unwrap(slot, context)
                if len(data_key) != 32:  # 7.2
                    refuse("KEY_RESPONSE_INVALID", "a data key has 32 bytes")
                if hmac.compare_digest(envelope_mac(data_key, envelope), envelope.mac):  # 8.2
                    return data_key
                refuse("ENVELOPE_TAMPERED", "the envelope's MAC does not verify")
            except SealError as error:  # 11.2: the next is tried
                failures[error.code] = error
    if not failures:
        refuse("NO_MATCHING_KEY", "no slot is of a named key's provider")
    if "ENVELOPE_TAMPERED" in failures or len(failures) == 1:  # 8.2: a key fits, and the envelope was changed
        raise failures.get("ENVELOPE_TAMPERED") or failures.popitem()[1]
    refuse("UNWRAP_FAILED", "no slot could be unwrapped: " + ", ".join(failures))
