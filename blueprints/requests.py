"""Reads requests, and refuses what is no small, plain JSON document before anything is done with it."""

import json
import re
from typing import Any, NoReturn

import azure.functions as func

from blueprints.problems import BodyTooLargeError, MediaTypeError, UnknownResourceError
from domain.errors import PayloadError

BODY_BYTES = 16 * 1024
DEPTH = 16

_INSTANCE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VERIFICATION_ID = re.compile(r"ver_[0-9a-f]{32}")
_JSON = re.compile(r'application/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)


def body_of(req: func.HttpRequest) -> object:
    """Return the JSON value that a request carries."""
    if not _JSON.fullmatch(req.headers.get("Content-Type") or ""):
        message = "expected Content-Type: application/json"
        raise MediaTypeError(message)
    body = req.get_body()
    if len(body) > BODY_BYTES:
        message = f"expected at most {BODY_BYTES} bytes"
        raise BodyTooLargeError(message)
    return _parsed(body)


def instance_id_of(text: str | None) -> str:
    """Return *text* if it may be an instance id; the SDK pastes ids into URLs as they are."""
    if text is None or not _INSTANCE_ID.fullmatch(text):
        message = "there is no such id"
        raise UnknownResourceError(message)
    return text


def verification_id_of(req: func.HttpRequest) -> str:
    """Return the id in the route if it may be one of the user API; an operator's verifications are not of it."""
    found = req.route_params.get("verificationId")
    if found is None or not _VERIFICATION_ID.fullmatch(found):
        message = "there is no such verification"
        raise UnknownResourceError(message)
    return str(found)


def _parsed(body: bytes) -> object:
    try:
        value: object = json.loads(
            body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_object_without_repeats
        )
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair can be read but never written
    except (ValueError, RecursionError):
        message = "the body is not JSON"
        raise PayloadError(message) from None
    if _is_deeper(value, DEPTH):
        message = f"the body is nested more than {DEPTH} levels deep"
        raise PayloadError(message)
    return value


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        message = "a field is there twice"
        raise ValueError(message)
    return fields


def _is_deeper(value: object, levels: int) -> bool:
    """Whether *value* has more than *levels* arrays and objects inside one another."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)
