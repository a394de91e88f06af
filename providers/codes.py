"""Derives everything that is secret from the verification keys: codes, digests, and the encryption of numbers.

Each key in use is derived for one purpose (HKDF-SHA256), so that none can stand for another. A code is
HMAC-SHA256 over purpose, instance id and nonce; 64 bits of it are mapped to the codes of its length, which leaves a
bias below 10^-9 even for ten digits.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import PayloadError, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CODE = b"countersign sms code"
_DIGEST = b"countersign sms code digest"
_KEY_ID = b"countersign key id"
_NUMBERS = b"countersign phone numbers"


class DerivedCodes:
    """A code source that needs nothing but its keys, newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_derived(key, _KEY_ID).hex()[:16]: key for key in keys}

    def newest_key_id(self) -> str:
        """Return the id of the first key."""
        return next(iter(self._keys))

    def code(self, *, instance_id: str, nonce: str, key_id: str, length: int) -> str:
        """Return the code of *length* digits that belongs to an instance and its nonce."""
        mac = self._mac(_CODE, instance_id, nonce, key_id)
        least = 10 ** (length - 1)
        return str(least + int.from_bytes(mac[:8], "big") % (9 * least))

    def digest(self, *, instance_id: str, nonce: str, key_id: str, code: str) -> str:
        """Return the keyed digest of *code*, bound to an instance and its nonce."""
        return self._mac(_DIGEST, instance_id, nonce, key_id, code).hex()

    def _mac(self, purpose: bytes, instance_id: str, nonce: str, key_id: str, code: str = "") -> bytes:
        key = self._keys.get(key_id)
        if key is None:
            message = (
                f"Setting VerificationKey no longer holds the key {key_id}; keep a key until its codes have ended."
            )
            raise SettingError(message)
        parts = (purpose, instance_id.encode(), bytes.fromhex(nonce), code.encode())
        said = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(_derived(key, purpose), said, sha256)


class FernetVault:
    """Encrypts numbers with the newest key and decrypts those of every key."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, _NUMBERS))) for key in keys])

    def seal(self, number: str) -> str:
        """Return *number* encrypted."""
        return self._fernet.encrypt(number.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Return the number that was sealed."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            message = "the sealed number was not sealed with any of our keys"
            raise PayloadError(message) from None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
