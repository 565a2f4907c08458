"""A writer of sealed files, from FORMAT.md too: whole ones, and what only somebody with the data key can make."""
from __future__ import annotations

import hashlib, os

from weightseal.encoding import b64, canonical_json, i2be, kdf, lp
from weightseal.envelope import AESGCM, Envelope, envelope_mac
from weightseal.file import PREAMBLE
from weightseal.floe import NOT_LAST, OVERHEAD
from weightseal.keys import LocalKeyFile


def envelope_copy(document: bytes, generation: int, area: int) -> bytes:  # 4.1
    start = b"WSENVLP1" + i2be(generation, 8) + i2be(len(document), 4) + bytes(4)
    return (start + hashlib.sha256(start + document).digest() + document).ljust(area, b"\0")


def wrap(key_file: LocalKeyFile, data_key: bytes, context: bytes, **changes) -> bytes:
    salt, version = os.urandom(32), max(key_file.keys, key=int)
    okm = kdf(key_file.keys[version], key_file.LABEL + salt, 48)
    aad = key_file.LABEL + lp(key_file.id) + i2be(int(version), 4) + context
    wrapped = b"\x01" + salt + AESGCM(okm[:32]).encrypt(okm[32:44], data_key, aad)
    slot = {"algorithm": "AES-256-GCM", "key": "local:/a.key", "provider": "local", "wrapped": b64(wrapped)}
    return canonical_json(slot | {"version": f"{key_file.id.hex()}/{version}"} | changes).encode()


def write(keys, plain=b"", *, L=64, context={}, parts=None, area=16384, generation=1, core_changes={}, slot_changes={}, slots=None,
          metadata={}, sealed_metadata=None, document_changes={}, document=None, header=None, first_number=0) -> bytes:  # fmt: skip
    """A sealed file; every keyword but the first three is for a file that is wrong somewhere, or unusual."""
    data_key, id_ = os.urandom(32), os.urandom(16)
    core = {"algorithm": "FLOE-AES-256-GCM", "context": context, "format": "weightseal", "id": b64(id_),
            "payloads": [{"name": "payload"}], "version": 1} | core_changes  # fmt: skip
    core = core_changes if isinstance(core_changes, bytes) else canonical_json(core).encode()
    if slots is None:
        slots = [wrap(key, data_key, canonical_json(context).encode(), **slot_changes) for key in keys]
    text = metadata if isinstance(metadata, bytes) else canonical_json(metadata).encode()
    if sealed_metadata is None:
        key, nonce = kdf(data_key, b"weightseal/v1/metadata-key\0" + id_, 32), os.urandom(12)
        text = text if text.endswith(b"\n") else text.ljust(-(-len(text) // 256) * 256)
        sealed_metadata = nonce + AESGCM(key).encrypt(nonce, text, b"weightseal/v1/metadata\0" + lp(core))
    envelope = Envelope(generation, core, b"", sealed_metadata, slots, context, id_, [])
    fields = {"core": b64(core), "mac": b64(envelope_mac(data_key, envelope)), "metadata": b64(sealed_metadata),
              "slots": [b64(slot) for slot in slots]} | document_changes  # fmt: skip
    document = canonical_json(fields).encode() if document is None else document
    key, aad = kdf(data_key, b"weightseal/v1/payload-key\0" + id_ + b"payload", 32), b"weightseal/v1/payload\0" + lp(core) + lp(b"payload")
    start = (header or b"\0\0" + i2be(L, 4) + i2be(32, 4)) + os.urandom(32)
    payload = start + kdf(key, start + b"HEADER_TAG:" + aad, 32)
    message_key = kdf(key, start + b"MESSAGE_KEY:" + aad, 48)
    size = L - OVERHEAD
    parts = [plain[i : i + size] for i in range(0, max(1, len(plain)), size)] if parts is None else parts
    for number, part in enumerate(parts, first_number):
        last, nonce = number == first_number + len(parts) - 1, os.urandom(12)
        cipher = AESGCM(kdf(message_key, start + b"DEK:" + i2be(number >> 20 << 20, 8) + aad, 32))
        payload += i2be(len(part) + OVERHEAD if last else NOT_LAST, 4) + nonce
        payload += cipher.encrypt(nonce, part, i2be(number, 8) + bytes([last]))
    preamble = b"\x89WSEAL\r\n" + i2be(1, 2) + i2be(0, 2) + i2be(area, 4) + i2be(PREAMBLE + 2 * area, 8)
    return preamble.ljust(PREAMBLE, b"\0") + 2 * envelope_copy(document, generation, area) + payload
