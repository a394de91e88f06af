"""The dashboard as people use it: who signs in, which cases there are, what a page shows of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.support.case_api import WISH, principal
from tools.caller import Caller
from tools.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page, Route

    from tools.running_devhost import RunningDevhost

ALICE, BOB = "Alice, a customer", "Bob, a customer"
SUE, SAM = "Sue, a supervisor", "Sam, a supervisor"
ADA, OTTO = "Ada, an auditor", "Otto, an operator"
AT_ONCE = 4


class Desk:
    """A devhost that signs people in, and the words in which tests speak to it."""

    auditor = ADA

    def __init__(self, devhost: RunningDevhost) -> None:
        self.devhost = devhost
        self.origin = f"http://{LOOPBACK}:{devhost.port}"
        self.url = f"{self.origin}/dashboard"
        self.caller = Caller(devhost.port, say=lambda _: None)
        self._people: dict[str, Caller] = {}

    def person(self, name: str) -> Caller:
        """Somebody who is signed in, without a browser."""
        if name not in self._people:
            self._people[name] = self.caller.signed_in(name)
        return self._people[name]

    def file(self, who: str = ALICE, **wish: Any) -> str:
        """File a case and return its id."""
        answer = self.person(who).post("/api/cases", WISH | wish)
        assert answer.status == 201, answer
        return str(answer.body["id"])

    def file_many(self, count: int, **wish: Any) -> None:
        """File so many cases of Alice's."""
        self.person(ALICE)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda _: self.file(**wish), range(count), timeout=55))

    def case(self, case_id: str) -> Any:
        """A case as the API shows it."""
        return self.person(self.auditor).get(f"/api/cases/{case_id}").body

    def trail(self, case_id: str) -> list[str]:
        """What happened to a case."""
        return [entry["what"] for entry in self.person(self.auditor).get(f"/api/cases/{case_id}/audit").body["items"]]

    def ended(self, case_id: str) -> Any:
        """A case, once nothing more happens to it."""
        path = f"/api/cases/{case_id}"
        return self.person(self.auditor).get_until(
            path, lambda case: case["status"] in {"completed", "rejected"}, what="the end of a case"
        )

    def link_to(self, case_id: str) -> str:
        """The address of a case, as notices to approvers have it."""
        return f"{self.url}#/cases/{case_id}"

    def enter(self, page: Page, who: str, url: str | None = None) -> None:
        """Sign somebody in as the host's form does, and go to the dashboard or to *url*."""
        page.context.request.post(f"{self.origin}/.auth/login/aad", form={"preset": who}, max_redirects=0)
        page.goto(url or self.url)
        expect(page.get_by_text(f"Signed in as {who}")).to_be_visible()


class Counter(Desk):
    """A devhost whose callers say themselves who they are, as a proxy with a sign-in would; it has no sign-in."""

    auditor = "auditor-1 Auditor"

    def person(self, name: str) -> Caller:
        """Somebody of that subject, with all roles that are in the name behind it."""
        return Caller(self.devhost.port, say=lambda _: None, headers=told_as(name))

    def passes(self, span: str) -> None:
        """Let time pass for the app."""
        answer = self.caller.post("/devhost/clock/advance", {"by": span})
        while answer.body.get("idle") is False:
            answer = self.caller.post("/devhost/clock/advance", {"to": answer.body["target"]})
        assert answer.status == 200


@contextmanager
def foreign_page(markup: str) -> Iterator[str]:
    """Serve a page of a site that is not ours, and say where."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(markup.encode())

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_address[1]}/"
        server.shutdown()


def told_as(name: str) -> dict[str, str]:
    """What that proxy adds to the requests of such a person."""
    subject, *roles = name.split()
    return {"X-MS-CLIENT-PRINCIPAL": principal(subject, *roles)}


def rows(page: Page) -> Locator:
    """The cases as they are listed."""
    return page.get_by_role("list", name="Cases").get_by_role("listitem")


def history(page: Page) -> Locator:
    """What happened to the case that is shown."""
    return page.get_by_role("list", name="History").get_by_role("listitem")


def fact(page: Page, term: str) -> Locator:
    """What the chosen case says to a term."""
    return page.locator("#facts > div", has=page.locator("dt", has_text=term)).locator("dd")


def search(page: Page, text: str) -> None:
    """Look for an order, a customer or a case."""
    page.get_by_label("Order, customer or case").fill(text)


def hold_back(page: Page) -> None:
    """Let a page learn nothing new about cases, not even by what it has asked already; its changes go through."""
    with page.expect_event("requestfailed"):  # it asks for one thing after the other
        page.context.route("**/api/cases/**", _only_changes)


def _only_changes(route: Route) -> None:
    if route.request.method == "GET":
        route.abort()
    else:
        route.continue_()
