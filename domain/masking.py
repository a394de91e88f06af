"""Takes phone numbers and codes out of text that is about to be logged, should somebody have put one there."""

from __future__ import annotations

import re
from typing import Final

_SHOWN: Final = 4
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}(?![0-9])|(?<![\w-])[0-9]{10,15}(?![\w-])")
_CODE: Final = re.compile(r"""(\bcode\ is\ |["']code["']\s*:\s*["']?|@\S+\ \#)[0-9]{4,10}(?![0-9])""", re.VERBOSE)
_DIGITS: Final = re.compile(r"[0-9]{4}")  # without so many there is neither a number nor a code
_CODE_FIELDS: Final = frozenset({"code", "guess"})


def masked(text: str) -> str:
    """Return *text* with only the last four digits of numbers, and nothing of codes where they stand in our words."""
    if _DIGITS.search(text) is None:
        return text
    stars = _NUMBER.sub(_stars, text)
    return _CODE.sub(r"\g<1>****", stars) if "code" in stars or "@" in stars else stars


def masked_field(name: str, value: object) -> object:
    """Return the *value* of a field of a record, its texts masked; a field named for codes shows none."""
    match value:
        case str():
            return "****" if name in _CODE_FIELDS and value.isdigit() else masked(value)
        case dict():
            return {key: masked_field(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [masked_field(name, inner) for inner in value]
        case _:
            return value


def _stars(found: re.Match[str]) -> str:
    """Keep a plus and the last digits."""
    number = found[0]
    plus = "+" if number.startswith("+") else ""
    return f"{plus}{'*' * (len(number) - len(plus) - _SHOWN)}{number[-_SHOWN:]}"
