"""Who is signed in, as the platform says it, and what they may do."""

import base64
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import azure.functions as func

from domain.case_refusals import NotSignedInError
from domain.refusals import ForbiddenError
from settings import Settings

HEADER = "X-MS-CLIENT-PRINCIPAL"
_SUBJECTS = (
    ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"),
    ("sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"),
)
_SUBJECT_LENGTH = 128


class Role(StrEnum):
    """What somebody is, by what their directory says."""

    REQUESTER = "Requester"
    SUPERVISOR = "Supervisor"
    AUDITOR = "Auditor"
    OPERATOR = "Operator"


SEE_ALL = frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who is signed in: an id that stays theirs, and their roles."""

    subject: str
    roles: frozenset[Role]

    @property
    def sees_all(self) -> bool:
        """Whether they may see cases that are not theirs."""
        return bool(self.roles & SEE_ALL)

    def must_be(self, *roles: Role) -> "Principal":
        """Return the same; raise `ForbiddenError` unless they have one of *roles*."""
        if not self.roles & set(roles):
            message = f"this wants the role {' or '.join(roles)}"
            raise ForbiddenError(message)
        return self


def principal_of(req: func.HttpRequest, settings: Settings) -> Principal:
    """Return who is signed in; raise `NotSignedInError` where nobody is.

    The header is unsigned, and only where the platform signs people in does it take away what a client sends.
    """
    told = req.headers.get(HEADER) if settings.platform_signs_in else None
    principal = _read(told) if told else None
    if principal is None:
        message = "sign in first"
        raise NotSignedInError(message)
    return principal


def _read(told: str) -> Principal | None:
    try:
        said = json.loads(base64.b64decode(told, validate=True))
        claims = [(str(claim["typ"]), str(claim["val"])) for claim in said["claims"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    subject = _subject(claims)
    return Principal(subject, _roles(said, claims)) if subject else None


def _subject(claims: list[tuple[str, str]]) -> str | None:
    """Return the id that never changes: the object's in its directory, else the one of the application."""
    for types in _SUBJECTS:
        found = next((value for kind, value in claims if kind in types), None)
        if found:
            return found if len(found) <= _SUBJECT_LENGTH and found.isprintable() else None
    return None


def _roles(said: dict[str, Any], claims: list[tuple[str, str]]) -> frozenset[Role]:
    types = ("roles", said.get("role_typ"))
    return frozenset(Role(value) for kind, value in claims if kind in types and value in set(Role))
