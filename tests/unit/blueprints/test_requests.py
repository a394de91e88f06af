"""What is refused before anything is done with a request."""

import json
import time
from contextlib import suppress
from typing import Any

import azure.functions as func
import pytest

from blueprints.problems import BodyTooLargeError, MediaTypeError, UnknownResourceError
from blueprints.requests import BODY_BYTES, body_of, instance_id_of
from domain.errors import InputError, PayloadError


def a_request(body: bytes, content_type: str | None = "application/json") -> func.HttpRequest:
    """A POST with a body."""
    headers = {"Content-Type": content_type} if content_type else {}
    return func.HttpRequest("POST", "http://localhost:7071/api/x", headers=headers, body=body)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        'application/json;charset="utf-8"',
    ],
)
def test_json_is_read(content_type: str) -> None:
    """A JSON body in UTF-8 is read, whatever the spelling of its type."""
    assert body_of(a_request('{"a": "\u00fc"}'.encode(), content_type)) == {"a": "\u00fc"}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/jsonp",
    ],
)
def test_other_media_types_are_refused(content_type: str | None) -> None:
    """A body that does not say that it is JSON is not read."""
    with pytest.raises(MediaTypeError):
        body_of(a_request(b"{}", content_type))


def test_a_body_may_have_sixteen_kibibytes_and_no_more() -> None:
    """The limit is on the bytes, before anything is parsed."""
    fitting = json.dumps("x" * (BODY_BYTES - 2)).encode()

    assert len(fitting) == BODY_BYTES
    assert body_of(a_request(fitting)) == "x" * (BODY_BYTES - 2)
    with pytest.raises(BodyTooLargeError):
        body_of(a_request(fitting + b" "))


BROKEN: list[Any] = [
    b"",
    b"{",
    b"{'a': 1}",
    b"NaN",
    b'{"a": Infinity}',
    b'{"a": 1, "a": 2}',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'"\\ud800"',
    b"[" * 16_000,
    b"9" * 5000,
    b"{}{}",
]


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Broken, ambiguous and unwritable JSON is an invalid request and never an error of ours."""
    with pytest.raises(PayloadError, match="is not JSON"):
        body_of(a_request(body))


HOSTILE = {
    "deep": b'{"a":' * 3_000,
    "wide": b"[" + b"0," * 8_000 + b"0]",
    "many fields": b"{" + b",".join(b'"%d":0' % number for number in range(1_500)) + b"}",
    "one field, often": b"{" + b",".join([b'"a":0'] * 2_000) + b"}",
    "long number": b"9" * BODY_BYTES,
    "huge exponent": b"[" + b"1e999," * 2_000 + b"0]",
    "half surrogates": b'"' + b"\\ud800" * 2_000 + b'"',
    "far too large": b" " * 1_000_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_no_body_keeps_us_busy(body: bytes) -> None:
    """Whatever fits into a request is read or refused within a tenth of a second. Threat 27."""
    began = time.process_time()

    with suppress(InputError):
        body_of(a_request(body))

    assert time.process_time() - began < 0.1


def test_sixteen_levels_are_deep_enough() -> None:
    """Sixteen nested arrays or objects are read, a seventeenth is refused."""
    assert body_of(a_request(b"[" * 16 + b"]" * 16)) is not None
    with pytest.raises(PayloadError, match="16 levels"):
        body_of(a_request(b'{"a":' * 17 + b"1" + b"}" * 17))


@pytest.mark.parametrize("text", ["sms_0123", "a", "A-b_9", "x" * 64])
def test_good_ids_pass(text: str) -> None:
    """Ids that we make, and those of the platform, pass."""
    assert instance_id_of(text) == text


@pytest.mark.parametrize(
    "text", [None, "", "a/b", "a?b", "a#b", "a b", "@counter@k", "x" * 65, "\u00fc", "a\n", "a%2Fb"]
)
def test_other_ids_are_unknown(text: str | None) -> None:
    """The SDK pastes ids into URLs as they are, so nobody tells others from unknown ones. Threat 31."""
    with pytest.raises(UnknownResourceError):
        instance_id_of(text)
