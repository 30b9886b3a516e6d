"""Envelope encryption: each record under a data key of its own, each data key under a master key from outside."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from allcore.kernel.errors import UnavailableError

KEY_BYTES = 32
NONCE_BYTES = 12


class VaultSealedError(UnavailableError):
    """The master key is not the one it was sealed under, or the record was tampered with."""

    code = "VAULT_SEALED"


class MasterKeys(Protocol):
    """Wraps and unwraps data keys: keys in this process, or a key service that never gives its key away.

    Source: the envelope scheme of the cloud providers' key management services.
    """

    def wrap(self, data_key: bytes, owner: str) -> tuple[str, bytes]:
        """Return the current master key's id and the data key under it."""

    def unwrap(self, key_id: str, wrapped: bytes, owner: str) -> bytes:
        """Return the data key.

        Raises:
            VaultSealedError: the master key is not known, or the text is not what it wrapped.
        """


@dataclass(frozen=True, slots=True)
class LocalKeys:
    """Master keys held in memory, newest first: the first wraps, all unwrap, so that one can be replaced in peace."""

    keys: Mapping[str, bytes]

    @classmethod
    def read(cls, text: str) -> "LocalKeys":
        """Read `id:base64[,id:base64...]`, newest first; each key is 32 bytes.

        Raises:
            ValueError: it is not of that form.
        """
        keys = {}
        for part in (part.strip() for part in text.split(",") if part.strip()):
            name, colon, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not (name and colon and len(key) == KEY_BYTES):
                raise ValueError("a master key is written id:base64 of 32 bytes")
            keys[name] = key
        return cls(keys)

    def wrap(self, data_key: bytes, owner: str) -> tuple[str, bytes]:
        """Return the newest key's id and the data key under it."""
        if not self.keys:
            raise VaultSealedError("No master key is set (VAULT_KEYS); credentials cannot be kept.", owner=owner)
        key_id, key = next(iter(self.keys.items()))
        return key_id, _encrypt(key, data_key, owner)

    def unwrap(self, key_id: str, wrapped: bytes, owner: str) -> bytes:
        """Return the data key."""
        if key_id not in self.keys:
            raise VaultSealedError(
                f"The credentials of {owner} are sealed under master key {key_id!r}, which is not set.", owner=owner
            )
        return _decrypt(self.keys[key_id], wrapped, owner)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A document that can be kept anywhere."""

    sealed: bytes
    wrapped_key: bytes
    master_key_id: str


def seal(values: Mapping[str, str], owner: str, keys: MasterKeys) -> Sealed:
    """Encrypt under a fresh data key. The owner is part of what is authenticated: a row cannot pose as another's."""
    data_key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
    key_id, wrapped = keys.wrap(data_key, owner)
    return Sealed(_encrypt(data_key, orjson.dumps(dict(values)), owner), wrapped, key_id)


def unseal(document: Sealed, owner: str, keys: MasterKeys) -> dict[str, str]:
    """Decrypt.

    Raises:
        VaultSealedError: the master key is missing, or somebody changed the document.
    """
    data_key = keys.unwrap(document.master_key_id, document.wrapped_key, owner)
    values = orjson.loads(_decrypt(data_key, document.sealed, owner))
    return {str(name): str(value) for name, value in values.items()}


def rewrap(document: Sealed, owner: str, keys: MasterKeys) -> Sealed:
    """Put the same data key under the current master key; the document itself is not touched."""
    data_key = keys.unwrap(document.master_key_id, document.wrapped_key, owner)
    key_id, wrapped = keys.wrap(data_key, owner)
    return Sealed(document.sealed, wrapped, key_id)


def _encrypt(key: bytes, plain: bytes, owner: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, owner.encode())


def _decrypt(key: bytes, text: bytes, owner: str) -> bytes:
    try:
        return AESGCM(key).decrypt(text[:NONCE_BYTES], text[NONCE_BYTES:], owner.encode())
    except (InvalidTag, ValueError):
        raise VaultSealedError(
            f"The credentials of {owner} cannot be opened: wrong key, or changed.", owner=owner
        ) from None
