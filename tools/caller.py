"""A caller who shows what is asked and what is answered, as somebody with curl would see it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlencode, urlsplit

from tools.processes import LOOPBACK, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json: TypeAlias = Any  # whatever the other side chose to answer

ANSWER_WITHIN_SECONDS: Final = 60.0
SETTLES_WITHIN_SECONDS: Final = 20.0
LINE: Final = 150
_KEY: Final = re.compile(r"taskHub=[^\s\"]*code=[^\s\"]*")  # how every management URL ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the host answered; *body* is the JSON value, or None where there was none."""

    status: int
    body: Json


class Caller:
    """Calls one host on the loopback address, past any proxy, and prints both sides."""

    def __init__(
        self, port: int, *, say: Callable[[str], None] = print, headers: Mapping[str, str] | None = None
    ) -> None:
        self._port = port
        self._say = say
        self._headers = dict(headers or {})

    def signed_in(self, preset: str) -> Caller:
        """Return a caller who signed in as *preset* at the host's own sign-in."""
        connection = HTTPConnection(LOOPBACK, self._port, timeout=ANSWER_WITHIN_SECONDS)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST", "/.auth/login/aad", urlencode({"preset": preset}), form)
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        session = (response.getheader("Set-Cookie") or "").partition(";")[0]
        self._say(f"* {preset} signs in")
        return Caller(self._port, say=self._say, headers={"Cookie": session})

    def get(self, url: str) -> Answer:
        """GET *url*, of which path and query count."""
        return self._shown("GET", url, None)

    def post(self, url: str, body: object, **headers: str) -> Answer:
        """POST *body* as JSON to *url*; in the names of *headers* an underscore is a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._shown("POST", url, json.dumps(body), named)

    def delete(self, url: str) -> Answer:
        """DELETE what is at *url*, of which path and query count."""
        return self._shown("DELETE", url, None)

    def get_until(self, url: str, is_so: Callable[[Json], bool], *, what: str) -> Json:
        """GET *url* until its body *is_so*, show the last answer, return its body; raise `ProcessError` if never."""
        answers: list[Answer] = []

        def asked() -> bool:
            answers.append(self._answer("GET", url, None))
            return is_so(answers[-1].body)

        try:
            wait_until(asked, within=SETTLES_WITHIN_SECONDS, what=what)
        finally:
            self._show("GET", url, None, answers[-1])
        return answers[-1].body

    def _shown(self, method: str, url: str, body: str | None, headers: Mapping[str, str] | None = None) -> Answer:
        answer = self._answer(method, url, body, headers)
        self._show(method, url, body, answer)
        return answer

    def _show(self, method: str, url: str, body: str | None, answer: Answer) -> None:
        self._say(_without_key(f"> {method} {_path(url)}" + (f"  {body}" if body is not None else "")))
        text = json.dumps(answer.body)
        if len(text) > LINE:
            text = json.dumps(answer.body, indent=2)
        self._say(_without_key(f"< {answer.status}" + (f" {text}" if answer.body is not None else "")))

    def _answer(self, method: str, url: str, body: str | None, more: Mapping[str, str] | None = None) -> Answer:
        connection = HTTPConnection(LOOPBACK, self._port, timeout=ANSWER_WITHIN_SECONDS)
        headers = {
            **self._headers,
            **({"Content-Type": "application/json"} if body is not None else {}),
            **(more or {}),
        }
        try:
            connection.request(method, _path(url), body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8")
        finally:
            connection.close()
        return Answer(status=response.status, body=json.loads(text) if text else None)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _without_key(text: str) -> str:
    """Leave out how management URLs end: it is always the same, and the system key should not be kept anywhere."""
    return _KEY.sub("...", text)
