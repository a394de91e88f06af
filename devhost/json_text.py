"""JSON text as the real host writes and reads it.

Compact, nothing escaped that need not be, no number that JSON cannot say: those become the texts ``"NaN"`` and
``"Infinity"``. Whatever Python makes of a text from outside, what this module returns can be stored and sent as UTF-8.
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE: Final = 64 * 1024  # characters from which it takes much longer to read a text while garbage is collected
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_constant=str)
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")  # the host escapes these three, Python does not


def compact(value: object) -> str:
    """Return *value* as JSON text."""
    try:
        text = _ENCODER.encode(value)
    except ValueError:
        text = json.dumps(_sayable(value), ensure_ascii=False, separators=(",", ":"))
    if text.isascii():
        return text
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", without_halves(text))


def parse(text: str) -> Any:  # noqa: ANN401  JSON says anything
    """Read JSON text; raise `ValueError` for anything else, and for what is nested too deeply."""
    try:
        if len(text) < LARGE:
            return _DECODER.decode(text)
        with uncollected(len(text)):
            return _DECODER.decode(text)
    except RecursionError as error:
        message = "the JSON text is nested too deeply"
        raise ValueError(message) from error


@contextlib.contextmanager
def uncollected(size: int) -> Iterator[None]:
    """Collect no garbage in the course of a block that reads so many characters, if they are many.

    What JSON is read into is no garbage, and looking at it over and over takes most of the time, in which nobody else
    runs.
    """
    if size < LARGE or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def recompact(text: str) -> str | None:
    """Return JSON text as the host stores it again; a plain ``null`` is nothing."""
    value = parse(text)
    return None if value is None else compact(value)


def _name_of(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _sayable(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return _name_of(value)
    if isinstance(value, dict):
        return {key: _sayable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sayable(item) for item in value]
    return value


def without_halves(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON escapes can say and UTF-8 cannot."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
