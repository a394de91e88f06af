"""JSON text as the host writes it."""

from __future__ import annotations

import gc
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.json_text import LARGE, compact, parse, recompact, uncollected

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_reads_back(value: object) -> None:
    """And it can be stored as UTF-8, on one line."""
    text = compact(value)

    assert parse(text) == value
    assert "\n" not in text
    assert parse(text.encode().decode()) == value


@given(st.text(alphabet=st.characters(categories=["Cs", "Ll", "Zl", "Zp"])))
def test_any_text_that_json_can_say_can_be_stored(text: str) -> None:
    """Halves of surrogate pairs included; they become replacement characters."""
    stored = compact(parse(json.dumps(text)))

    assert stored.encode().decode() == stored
    assert len(parse(stored)) <= len(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("null", None),
        ("NaN", '"NaN"'),
        ("-1e999", '"-Infinity"'),
        (' { "a" : 1.50 } ', '{"a":1.5}'),
        ('"a/b"', '"a/b"'),
    ],
)
def test_text_is_stored_again_compactly(text: str, stored: str | None) -> None:
    """A plain null is nothing."""
    assert recompact(text) == stored


@pytest.mark.parametrize("text", ["", "nothing", "[" * 100_000])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    """Too deep a nesting included."""
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@pytest.mark.parametrize("text", ["[]", f'"{"x" * LARGE}"', "[" * LARGE])
def test_garbage_is_collected_again_after_any_text(text: str) -> None:
    """A large text is read without that, and so is one that turns out to be none."""
    before = gc.isenabled()

    try:
        parse(text)
    except ValueError:
        assert len(text) == LARGE

    assert before
    assert gc.isenabled()


def test_no_garbage_is_collected_while_a_large_text_is_read() -> None:
    """What it is read into is none."""
    with uncollected(LARGE):
        assert not gc.isenabled()
        with uncollected(LARGE):
            assert not gc.isenabled()
        assert not gc.isenabled()
    with uncollected(LARGE - 1):
        assert gc.isenabled()
