"""§5 to §8, §10 and §18: the envelope of a file or of a bundle, what is in it, its MAC, and the metadata."""
from __future__ import annotations

import hmac, re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .encoding import CONTROL, MAX_INTEGER, canonical_json, decode, i2be, is_time, kdf, lp, members, parse_canonical, refuse
from .floe import HEADER, OVERHEAD, segment_length

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")  # 6.1
INVALID = "ENVELOPE_INVALID"  # 5.4, 18.5
MAX_TABLE = 1_073_741_824  # 18.4


@dataclass
class Slot:
    algorithm: str
    key: str
    provider: str
    version: str
    wrapped: bytes


@dataclass
class TableReference:  # 18.4
    size: int
    header: bytes
    digest: bytes


@dataclass
class Envelope:
    """Parsed and within its limits, nothing authenticated. `table` is there in a bundle's."""

    generation: int
    core: bytes
    mac: bytes
    metadata: bytes
    slot_documents: list[bytes]
    context: dict[str, str]
    id: bytes
    slots: list[Slot]
    table: TableReference | None = None


def check_context(context: Any) -> dict[str, str]:  # 5.3
    if not isinstance(context, dict) or len(context) > 64 or len(canonical_json(context).encode()) > 4096:
        refuse(INVALID, "the context is not valid")
    for name, value in context.items():
        if not name or not isinstance(value, str) or CONTROL.search(name + value):
            refuse(INVALID, "the context is not valid")
    return context


def parse_core(core: bytes, bundle: bool) -> tuple[dict[str, str], bytes]:  # 5.2, 18.3: the context and the id
    value = parse_canonical(core, INVALID)
    if not isinstance(value, dict) or value.get("format") != ("weightseal-bundle" if bundle else "weightseal"):
        refuse(INVALID, "not weightseal's")
    if value.get("version") != 1 or value.get("algorithm") != "FLOE-AES-256-GCM":  # first: another version has other members
        refuse("UNSUPPORTED_VERSION", "another version or algorithm")
    payloads = None if bundle else value.pop("payloads", None)
    if not bundle and payloads != [{"name": "payload"}]:
        refuse(INVALID, "a sealed file has one payload")
    _, context, _, id_, _ = members(value, "algorithm context format id version", INVALID)
    return check_context(context), decode(id_, 16, 16, INVALID)


def parse_slot(document: bytes) -> Slot:  # 6.1
    texts = members(parse_canonical(document, INVALID), "algorithm key provider version wrapped", INVALID)
    for text, most in zip(texts, (128, 2048, 64, 1024, 8192)):
        if not isinstance(text, str) or len(text.encode()) > most or CONTROL.search(text):
            refuse(INVALID, "a slot's member is not valid")
    algorithm, key, provider, version, wrapped = texts
    if not SCHEME.fullmatch(provider) or not key.startswith(provider + ":"):
        refuse(INVALID, "a slot's provider is not its key's scheme")
    return Slot(algorithm, key, provider, version, decode(wrapped, 1, 6144, INVALID))


def is_integer(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most


def parse_table(value: Any) -> TableReference:  # 18.4
    digest, header, size = members(value, "digest header size", INVALID)
    digest, header = decode(digest, 32, 32, INVALID), decode(header, HEADER, HEADER, INVALID)
    segment_length(header, INVALID)
    if not is_integer(size, HEADER + OVERHEAD, MAX_TABLE):
        refuse(INVALID, "the table's size is not valid")
    return TableReference(size, header, digest)


def parse_envelope(document: bytes, generation: int | None) -> Envelope:  # 5.4; without a generation it is a bundle's: 18.5
    bundle = generation is None
    value = parse_canonical(document, INVALID)
    values = members(value, "core generation mac metadata slots table" if bundle else "core mac metadata slots", INVALID)  # 5.1, 18.1
    core, mac, metadata, slots = (value[name] for name in ("core", "mac", "metadata", "slots"))
    if not isinstance(slots, list) or not 1 <= len(slots) <= 32:
        refuse(INVALID, "not 1 to 32 slots")
    most = len(document)
    core = decode(core, 1, most, INVALID)
    context, id_ = parse_core(core, bundle)
    table = None
    if bundle:
        generation = values[1]
        if not is_integer(generation, 1, MAX_INTEGER):
            refuse(INVALID, "the generation is not valid")
        table = parse_table(values[5])
    mac, metadata = decode(mac, 48, 48, INVALID), decode(metadata, 28, 16_384, INVALID)  # 8.1, 10.1
    slots = [decode(slot, 1, most, INVALID) for slot in slots]
    return Envelope(generation, core, mac, metadata, slots, context, id_, [parse_slot(slot) for slot in slots], table)


def envelope_mac(data_key: bytes, envelope: Envelope) -> bytes:  # 7.1, 8.1, 18.6
    table = envelope.table
    message = b"weightseal/v1/bundle\0" if table else b"weightseal/v1/envelope\0"
    message += i2be(envelope.generation, 8) + lp(envelope.core) + lp(envelope.metadata)
    if table:
        message += i2be(table.size, 8) + table.header + table.digest
    message += i2be(len(envelope.slot_documents), 4) + b"".join(map(lp, envelope.slot_documents))
    return hmac.digest(kdf(data_key, b"weightseal/v1/envelope-mac\0" + envelope.id, 48), message, "sha384")


def read_metadata(data_key: bytes, envelope: Envelope) -> dict[str, Any]:  # §10
    key = kdf(data_key, b"weightseal/v1/metadata-key\0" + envelope.id, 32)
    nonce, sealed = envelope.metadata[:12], envelope.metadata[12:]
    try:
        plain = AESGCM(key).decrypt(nonce, sealed, b"weightseal/v1/metadata\0" + lp(envelope.core))
    except InvalidTag:
        refuse("METADATA_TAMPERED", "the metadata does not verify")
    value = parse_canonical(plain.rstrip(b" "), "METADATA_TAMPERED")
    if not isinstance(value, dict) or not all(check(value[name]) for name, check in MEMBERS_OF_METADATA.items() if name in value):
        refuse("METADATA_TAMPERED", "the metadata is not valid")
    return value


def is_file_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and 1 <= len(name.encode()) <= 255
        and name not in (".", "..")
        and not re.search(r"[/\\\x00-\x1f\x7f-\x9f]", name)
    )


MEMBERS_OF_METADATA = {  # 10.2
    "created": is_time,
    "digest": lambda value: isinstance(value, str) and re.fullmatch("sha256:[0-9a-f]{64}", value) is not None,
    "name": is_file_name,
    "size": lambda value: isinstance(value, int) and value >= 0,
}
