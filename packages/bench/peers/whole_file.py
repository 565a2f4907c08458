"""Whole-file AES-256-GCM as articles show it: read everything, one call, write everything, and a SHA-256 to compare.

Kinder than most: no copy is made to join or to split nonce and ciphertext.
"""

import hashlib
import os
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = bytes(range(32))


def encrypt(source: str, target: str) -> None:
    with open(source, "rb") as file:
        plaintext = file.read()
    digest = hashlib.sha256(plaintext).digest()
    nonce = os.urandom(12)
    ciphertext = AESGCM(KEY).encrypt(nonce, plaintext, digest)
    with open(target, "wb") as file:
        file.write(nonce)
        file.write(digest)
        file.write(ciphertext)


def decrypt(source: str, target: str) -> None:
    with open(source, "rb") as file:
        nonce = file.read(12)
        digest = file.read(32)
        ciphertext = file.read()
    plaintext = AESGCM(KEY).decrypt(nonce, ciphertext, digest)
    if hashlib.sha256(plaintext).digest() != digest:
        sys.exit("the digest differs")
    with open(target, "wb") as file:
        file.write(plaintext)


{"encrypt": encrypt, "decrypt": decrypt}[sys.argv[1]](sys.argv[2], sys.argv[3])
