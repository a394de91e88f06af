"""Reading the plain JSON that travels between functions."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.errors import PayloadError
from domain.payloads import decode, fields_of, seconds, stamp, text, truth, whole


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        ('{"a": 1}', {"a": 1}),
        ("2168", 2168),
        ('"2168"', "2168"),
        ("null", None),
        ({"a": 1}, {"a": 1}),
        (5, 5),
        (None, None),
        ("hello", "hello"),
        ("0168", "0168"),
        ("", ""),
        ("2168\n", "2168\n"),
        (" 2168", " 2168"),
        ("[" * 100_000, "[" * 100_000),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_json_text_is_decoded_once_and_the_rest_stays(value: Any, decoded: Any) -> None:
    """A value and its JSON text read alike; text that is no plain JSON stays what it is."""
    assert decode(value) == decoded


def test_an_object_may_hold_only_the_allowed_fields() -> None:
    """A field that nobody knows is refused, for it is a mistake or an attempt."""
    assert fields_of({"a": 1}, "a", "b") == {"a": 1}
    with pytest.raises(PayloadError, match="no other fields than a"):
        fields_of({"b": 1}, "a")


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_what_is_no_object_has_no_fields(value: Any) -> None:
    """Only an object can be read field by field."""
    with pytest.raises(PayloadError):
        fields_of(value)


@pytest.mark.parametrize("value", [None, 5, "abc", "ab\n", "a" * 5000])
def test_text_must_match_as_a_whole(value: Any) -> None:
    """Text is read only if all of it has the expected form, a trailing line break included."""
    with pytest.raises(PayloadError, match="name"):
        text({"name": value}, "name", "[a-b]+")


def test_errors_never_quote_the_value() -> None:
    """The message of a payload error may go into a log, so it holds no value."""
    with pytest.raises(PayloadError) as caught:
        text({"code": "secret"}, "code", "[0-9]+")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", [None, True, 1.0, "1", 0, 11])
def test_whole_numbers_are_no_booleans_floats_or_texts(value: Any) -> None:
    """Only an int within the bounds is a whole number."""
    with pytest.raises(PayloadError, match="n is missing or is no whole number from 1 to 10"):
        whole({"n": value}, "n", least=1, most=10)


def test_good_fields_are_returned() -> None:
    """A field of the right form is returned as it is."""
    fields = {"t": "ab", "n": 10, "b": False, "s": 3}

    assert text(fields, "t", "[a-b]+") == "ab"
    assert whole(fields, "n", least=1, most=10) == 10
    assert truth(fields, "b") is False
    assert seconds(fields, "s", least=1, most=3) == timedelta(seconds=3)


@pytest.mark.parametrize("value", [None, 0, "true"])
def test_only_booleans_are_true_or_false(value: Any) -> None:
    """Nothing is taken for a boolean that is none."""
    with pytest.raises(PayloadError):
        truth({"b": value}, "b")


def test_instants_are_written_in_utc_with_milliseconds() -> None:
    """Every instant in a payload ends in Z."""
    at = datetime(2026, 1, 15, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))

    assert stamp(at) == "2026-01-15T12:00:00.123Z"
    assert stamp(datetime(2026, 1, 15, tzinfo=UTC)) == "2026-01-15T00:00:00.000Z"
