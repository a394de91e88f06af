"""JSON is read as the real host's parser reads it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.json_text import compact
from devhost.lenient_json import JsonTextError, parse, parse_first, shown

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 'b\"c'}", {"a": 'b"c'}),
        ("{a: 1, $b_2: 2}", {"a": 1, "$b_2": 2}),
        ("[1, 2,]", [1, 2]),
        ("{'a': 1,}", {"a": 1}),
        ("[]", []),
        ("{ /* none */ }", {}),
        ("/* first */ 1 // last", 1),
        ("[1, // one\n 2]", [1, 2]),
        ("0x1F", 31),
        ("-0x10", -16),
        ("[017]", [15]),
        (".5", 0.5),
        ("[-.5e1]", [-5.0]),
        ("[NaN, Infinity, -Infinity, true, false, null,]", ["NaN", "Infinity", "-Infinity", True, False, None]),
        ("[1e400, -1e400]", ["Infinity", "-Infinity"]),
        ("[-1e400,]", ["-Infinity"]),
        ('"\\ud83d\\ude00 \\ud800"', "\U0001f600 \ufffd"),
        ("'\\u0041\\n\\/\\''", "A\n/'"),
        ('"line\nbreak"', "line\nbreak"),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ("[" * 64 + "]" * 64, json.loads("[" * 64 + "]" * 64)),
    ],
)
def test_what_the_real_parser_takes_is_taken(text: str, value: Any) -> None:
    """Single quotes, bare keys, comments, trailing commas, odd numbers and halves of characters are read."""
    assert compact(parse(text)) == compact(value)
    if not text.startswith("/*"):
        assert compact(parse_first(f" {text} 1")) == compact(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        ("// x", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        ("undefined", "Unexpected character encountered while parsing value: u. Path '', line 0, position 0."),
        (
            "[1,\n undefined]",
            "Unexpected character encountered while parsing value: u. Path '[1]', line 2, position 1.",
        ),
        ("truest", "Unexpected character encountered while parsing value: t. Path '', line 0, position 0."),
        (
            '{"a b": {"c": [1, x]}}',
            "Unexpected character encountered while parsing value: x. Path '['a b'].c[1]', line 1, position 18.",
        ),
        ("1 2", "Additional text encountered after finished reading JSON content: 2. Path '', line 1, position 2."),
        (
            '{"a" 1}',
            "Invalid character after parsing property name. Expected ':' but got: 1. Path '', line 1, position 5.",
        ),
        ("{-: 1}", "Invalid property identifier character: -. Path '', line 1, position 1."),
        ("{", "Unexpected end when reading JSON. Path '', line 1, position 1."),
        ("{a", "Unexpected end while parsing unquoted property name. Path '', line 1, position 2."),
        ('{"a":', "Unexpected end of content while loading JObject. Path 'a', line 1, position 5."),
        ("[1", "Unexpected end of content while loading JArray. Path '', line 1, position 2."),
        ("[1,", "Unexpected end of content while loading JArray. Path '[1]', line 1, position 3."),
        ("[1 2]", "After parsing a value an unexpected character was encountered: 2. Path '', line 1, position 3."),
        ('"abc', "Unterminated string. Expected delimiter: \". Path '', line 1, position 4."),
        ("'\\x'", "Bad JSON escape sequence: \\x. Path '', line 0, position 0."),
        ("08", "Input string '08' is not a valid number. Path '', line 0, position 0."),
        ("[" + "9" * 381 + ",]", f"Input string '{'9' * 381}' is not a valid number. Path '[0]', line 1, position 1."),
    ],
)
def test_what_it_refuses_is_refused_in_its_words(text: str, message: str) -> None:
    """The message names what is wrong and where."""
    with pytest.raises(JsonTextError) as error:
        parse(text)

    assert str(error.value) == message


@pytest.mark.parametrize("text", ["[" * 65 + "]" * 65, "[" * 100_000, '{"a":' * 65 + "1" + "}" * 65])
def test_more_than_64_levels_are_refused(text: str) -> None:
    """However deep a text is, it is refused without harm."""
    with pytest.raises(JsonTextError, match="The reader's MaxDepth of 64 has been exceeded"):
        parse(text)


@pytest.mark.parametrize("text", ["", "  ", "// 1\n2", "/* 1 */ 2", "}"])
def test_a_first_value_stands_at_the_beginning(text: str) -> None:
    """Where one value is taken, a comment in front of it is refused, which the real host would store."""
    with pytest.raises(JsonTextError):
        parse_first(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [(None, None), ("", ""), ("  ", ""), ("plain text", "plain text"), ("'5'", "5"), ('{"a":1}', {"a": 1})],
)
def test_a_stored_text_is_shown_as_its_value_or_itself(text: str | None, value: Any) -> None:
    """What is not JSON is shown as text, and what is blank as an empty one."""
    assert shown(text) == value


@given(VALUES)
def test_strict_json_means_the_same(value: Any) -> None:
    """Every value that JSON can say comes back, on the quick way and on the slow one."""
    text = json.dumps(value)

    assert parse(text) == value
    assert parse(f"[{text},]") == [value]


@given(st.text(alphabet="{}[]\"':,/*\\ 019.eExXu-+naNI\n", max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text is read or refused, and nothing else."""
    for read in (parse, parse_first):
        with contextlib.suppress(JsonTextError):
            compact(read(text)).encode()
