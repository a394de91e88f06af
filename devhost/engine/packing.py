"""How texts are made small before they are stored: each is little but names that come again and again.

What is packed is a raw deflate stream whose dictionary is the store's own: `WORDS`, and samples of what the app writes.
Texts that gain nothing by it stay texts, and so do long ones, which would hold up whoever reads or writes them.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any, Final

from devhost.json_text import compact

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST: Final = 100  # characters; what is shorter is not worth the time
MOST: Final = 16 * 1024
WORDS: Final = 'null,null]],-1,0,"{\\"true,false\\"}"],[13,],[[12,],[0],[4,,0,"'
_WINDOW: Final = -12  # raw deflate that looks back 4 KiB, the least that holds a dictionary of some use
_MEMORY: Final = 4  # of zlib's scale; more takes longer to set up than it saves
_LEVEL: Final = 6
_LARGEST_DICTIONARY: Final = 3800  # bytes; what is farther back than the window is never found
_GUID: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def words_of(samples: Iterable[Any]) -> str:
    """Return the words of a store for an app that writes values such as *samples*.

    Each stands there as the SDK writes an input (JSON text, written as JSON again), and as the host writes a custom
    status and the result of an activity.
    """
    texts = [compact(sample) for sample in samples]
    written = [json.dumps(json.dumps(json.loads(text))) for text in texts]
    results = [json.dumps(text) for text in texts]
    words = "".join((*written, *results, *texts, WORDS))
    return words.encode()[-_LARGEST_DICTIONARY:].decode("utf-8", "ignore")


class Packer:
    """Packs texts and unpacks them again; two with the same *words* understand each other."""

    def __init__(self, words: str = WORDS) -> None:
        dictionary = words.encode()
        self._packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, dictionary)
        self._unpacking = zlib.decompressobj(_WINDOW, dictionary)

    def pack(self, text: str | None) -> str | bytes | None:
        """Return *text* as it is to be stored."""
        if text is None or not LEAST <= len(text) <= MOST:
            return text
        packing = self._packing.copy()
        packed = packing.compress(text.encode()) + packing.flush()
        return packed if len(packed) < len(text) else text

    def unpack(self, stored: str | bytes) -> str:
        """Return the text that was stored as *stored*."""
        if not isinstance(stored, bytes):
            return stored
        return self._unpacking.copy().decompress(stored).decode()

    def unpack_optional(self, stored: str | bytes | None) -> str | None:
        """Return the text that was stored as *stored*, if there was one."""
        return None if stored is None else self.unpack(stored)


def pack_id(text: str) -> str | bytes:
    """Return an execution id as it is to be stored: a GUID with hyphens as its bytes."""
    return bytes.fromhex(text.replace("-", "")) if _GUID.fullmatch(text) else text


def unpack_id(stored: str | bytes) -> str:
    """Return the execution id that was stored as *stored*."""
    if not isinstance(stored, bytes):
        return stored
    digits = stored.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
