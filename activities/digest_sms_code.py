"""Digest the code that an operator passed on, so that it can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.challenge import CodeRef
    from domain.ports import CodeSource


def digest_sms_code(ref: CodeRef, code: str, *, codes: CodeSource) -> str:
    """Return the digest that *code* would have as the code of *ref*. A second run returns the same."""
    return codes.digest(instance_id=ref.instance_id, nonce=ref.nonce, key_id=ref.key_id, code=code)
