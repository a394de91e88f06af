"""Who is signed in, read from what the platform says."""

from __future__ import annotations

import base64
import json
from typing import Any

import azure.functions as func
import pytest

from blueprints.principal import HEADER, Principal, Role, principal_of
from domain.case_refusals import NotSignedInError
from domain.refusals import ForbiddenError
from settings import Settings
from tests.support.builders import an_environment

OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
NAME_ID = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
MAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


def encoded(said: Any) -> str:
    """The header's value for *said*."""
    return base64.b64encode(json.dumps(said).encode()).decode()


def claims(*pairs: tuple[str, str], **members: Any) -> dict[str, Any]:
    """What the platform says of somebody with these claims."""
    return {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in pairs], **members}


def read(header: str | None, **settings: str) -> Principal:
    """Who sends a request with this header."""
    headers = {} if header is None else {HEADER: header}
    environment = an_environment(**{"WEBSITE_AUTH_ENABLED": "True", **settings})
    return principal_of(func.HttpRequest("GET", "/api/cases", headers=headers, body=b""), Settings(environment))


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ([(OBJECT_ID, "a"), ("oid", "b"), ("sub", "c")], "a"),
        ([("sub", "c"), (NAME_ID, "d"), ("oid", "b")], "b"),
        ([(MAIL, "sue@example.org"), ("sub", "c")], "c"),
        ([("name", "Sue"), (NAME_ID, "d")], "d"),
    ],
)
def test_the_id_that_never_changes_says_who_it_is(given: list[tuple[str, str]], subject: str) -> None:
    """The object's id in its directory, else the application's; never a name or a mail address. Threat 43."""
    assert read(encoded(claims(*given))).subject == subject


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        (claims(("oid", "a"), ("roles", "Supervisor"), ("roles", "Auditor")), {Role.SUPERVISOR, Role.AUDITOR}),
        (claims(("oid", "a"), (ROLE, "Operator"), role_typ=ROLE), {Role.OPERATOR}),
        (claims(("oid", "a"), (ROLE, "Operator")), set()),
        (claims(("oid", "a"), ("groups", "Supervisor"), ("name", "Supervisor")), set()),
        (claims(("oid", "a"), ("roles", "supervisor"), ("roles", "Supervisor "), ("roles", "Admin")), set()),
        (claims(("oid", "a"), ("roles", "Requester,Supervisor")), set()),
        (claims(("oid", "a"), role_typ=["roles"]), set()),
    ],
)
def test_only_claims_of_the_type_for_roles_give_one(said: dict[str, Any], roles: set[Role]) -> None:
    """The type that `role_typ` names, or `roles`, and the exact name; everything else gives none. Threat 39."""
    assert read(encoded(said)).roles == roles


NOBODY: tuple[Any, ...] = (
    None,
    5,
    [],
    {"roles": "Operator"},
    {"claims": None},
    {"claims": ["oid"]},
    {"claims": [{"typ": "oid"}]},
    claims(),
    claims(("name", "Sue"), ("roles", "Supervisor")),
    claims(("oid", "")),
    claims(("oid", "x" * 129)),
    claims(("oid", "a\nb")),
)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "no base64!",
        base64.b64encode(b"no json").decode(),
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode(b"[" * 5000).decode(),
        *(encoded(said) for said in NOBODY),
    ],
)
def test_what_names_nobody_is_nobody(header: str | None) -> None:
    """A header that cannot be read, or has no id, or one that no store can keep, signs nobody in. Threat 38."""
    with pytest.raises(NotSignedInError):
        read(header)


@pytest.mark.parametrize("value", ["", "False", "true", "TRUE", "1", "yes"])
def test_the_header_counts_only_behind_the_platforms_sign_in(value: str) -> None:
    """`WEBSITE_AUTH_ENABLED` must be exactly what the platform writes: True. Threat 38."""
    with pytest.raises(NotSignedInError):
        read(encoded(claims(("oid", "a"), ("roles", "Operator"))), WEBSITE_AUTH_ENABLED=value)


def test_a_role_that_is_not_there_is_forbidden() -> None:
    """Default deny: one of the wanted roles, or nothing. Threat 39."""
    who = Principal("a", frozenset({Role.AUDITOR}))

    assert who.must_be(Role.OPERATOR, Role.AUDITOR) is who
    with pytest.raises(ForbiddenError):
        who.must_be(Role.SUPERVISOR)
    with pytest.raises(ForbiddenError):
        Principal("a", frozenset()).must_be(*Role)
