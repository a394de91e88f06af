"""Paths and queries are taken apart as the real host does."""

from __future__ import annotations

import pytest

from devhost.api.paths import Query, decode, decode_again, encode, encode_id


@pytest.mark.parametrize(
    ("path", "once", "twice"),
    [
        ("/a%20b", "/a b", "/a b"),
        ("/a+b", "/a+b", "/a b"),
        ("/a%2Bb", "/a+b", "/a b"),
        ("/a%252Bb", "/a%2Bb", "/a+b"),
        ("/a%2Fb", "/a%2Fb", "/a/b"),
        ("/%2541", "/%41", "/A"),
        ("/gr%C3%BC", "/grü", "/grü"),
        ("/%FF", "/%FF", "/\ufffd"),
        ("/x%25", "/x%", "/x%"),
        ("/a/./b/../c", "/a/c", "/a/c"),
        ("/../../a", "/a", "/a"),
        ("/a/..", "/", "/"),
        ("/a/.", "/a/", "/a/"),
        ("/a..b/...", "/a..b/...", "/a..b/..."),
        ("/a/%2e%2e/b", "/b", "/b"),
    ],
)
def test_a_path_is_decoded_twice(path: str, once: str, twice: str) -> None:
    """First percent by percent without slashes, then as a form; dots are resolved in between."""
    assert decode(path) == once
    assert decode_again(decode(path)) == twice


def test_a_decoded_path_is_written_again() -> None:
    """What was escaped stays readable, what must be escaped is."""
    assert encode("/a b/@x:ü/%2F/%") == "/a%20b/@x:%C3%BC/%2F/%25"


def test_an_id_is_written_as_a_form() -> None:
    """Links carry ids form-encoded."""
    assert encode_id("a b+c@d:e%f-._~") == "a+b%2Bc%40d%3Ae%25f-._~"


def test_parameters_compare_without_case_and_repeat_with_commas() -> None:
    """Names are one name in any case, and plus is a space."""
    query = Query("Name=a+b&NAME=c%20d&empty=&flag")

    assert query.text("name") == "a b,c d"
    assert (query.text("empty"), query.text("flag"), query.text("none")) == ("", "", None)


@pytest.mark.parametrize(
    ("text", "flag"), [("true", True), ("TRUE", True), (" True ", True), ("False", False), ("1", True), ("no", True)]
)
def test_a_boolean_that_is_none_counts_as_absent(text: str, flag: bool) -> None:
    """The default holds for anything but true and false."""
    assert Query(f"x={text}").flag("x", default=True) is flag


@pytest.mark.parametrize(("text", "number"), [("2", 2.0), ("0.5", 0.5), ("-1", -1.0), ("many", None), ("", None)])
def test_a_number_that_is_none_counts_as_absent(text: str, number: float | None) -> None:
    """Words are no numbers."""
    assert Query(f"x={text}").number("x") == number
