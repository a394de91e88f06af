"""Derives everything secret from the verification keys: codes, digests, tokens, pseudonyms, encrypted numbers.

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
_PSEUDONYMS = b"countersign pseudonyms"
_TOKENS = b"countersign verification tokens"


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
            raise _unknown_key(key_id)
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


class DerivedPseudonyms:
    """Names by HMAC with the newest key: a new key makes all limits begin anew."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._key = _derived(keys[0], _PSEUDONYMS)

    def of(self, kind: str, text: str) -> str:
        """Return the name of *text* among things of its *kind*."""
        return hmac.digest(self._key, f"{kind}\0{text}".encode(), sha256).hex()[:40]


class DerivedTokens:
    """Tokens by HMAC over the id of a verification; those of every key are taken."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_derived(key, _KEY_ID).hex()[:16]: _derived(key, _TOKENS) for key in keys}

    def token(self, verification_id: str, key_id: str) -> str:
        """Return the token of a verification that was started with the key *key_id*."""
        if key_id not in self._keys:
            raise _unknown_key(key_id)
        return _token(self._keys[key_id], verification_id)

    def is_token(self, verification_id: str, token: str) -> bool:
        """Say whether *token* is that of the verification; all keys are tried, whichever fits."""
        fits = [hmac.compare_digest(_token(key, verification_id), token) for key in self._keys.values()]
        return any(fits)


def _token(key: bytes, verification_id: str) -> str:
    mac = hmac.digest(key, verification_id.encode(), sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def _unknown_key(key_id: str) -> SettingError:
    return SettingError(
        f"Setting VerificationKey no longer holds the key {key_id}; keep a key until its codes have ended."
    )


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
