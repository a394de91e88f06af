"""Serves the pages in `web/`: a folder each, as its files lie there, under headers that let nothing else run.

The policy allows scripts, styles, pictures and requests of this very origin only, nothing inline, no frame around the
page, and no markup made of text by a script.
"""

import re
from functools import cache
from pathlib import Path

import azure.functions as func

from blueprints.problems import UnknownResourceError

WEB = Path(__file__).parents[1] / "web"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
GUARDS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_KINDS = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_NAME = re.compile("[a-z]+[.](html|js|css|svg)")


def page_answer(folder: str, file: str | None = None, *, set_cookie: str | None = None) -> func.HttpResponse:
    """Answer with a file of the page in *folder*, or with the page itself where none is named."""
    name = file or "index.html"
    kind = _NAME.fullmatch(name)
    if kind is None or not (WEB / folder / name).is_file():
        message = "there is no such file"
        raise UnknownResourceError(message)
    headers = {**GUARDS, "Content-Type": _KINDS[kind[1]]} | ({"Set-Cookie": set_cookie} if set_cookie else {})
    return func.HttpResponse(_content_of(folder, name), headers=headers)


@cache
def _content_of(folder: str, name: str) -> bytes:
    return (WEB / folder / name).read_bytes()
