"""The page /verify in a real Chromium, over a real devhost: what a person sees, types and hears."""

from __future__ import annotations

import itertools
import json
import re
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from blueprints.problems import PROBLEMS
from domain import case_refusals
from tests.support.browser import browser, new_page, page, violations
from tests.support.builders import an_environment
from tests.support.http_users import Held, Users, numbers
from tools.local_settings import KEY_SETTING, fresh_key
from tools.processes import wait_until
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page, Route

__all__ = ["browser", "new_page", "page"]

CASES_ONLY = {PROBLEMS[kind].code for kind in PROBLEMS if kind.__module__ == case_refusals.__name__}
MARKUP = "<img src=x onerror=alert(1)>"


class Desk:
    """A devhost that lets everybody verify phones, and the words in which these tests speak of it."""

    def __init__(self, users: Users) -> None:
        self.users = users
        self.url = f"http://127.0.0.1:{users.host.port}/verify"
        self._numbers = iter(numbers(100))

    def number(self) -> str:
        """Return a number that no other test has."""
        return next(self._numbers)

    def advance(self, page: Page, by: str) -> None:
        """Move the host's clock, and let the page look, as when somebody comes back to it."""
        assert self.users.ask("POST", "/devhost/clock/advance", {"by": by}).status == 200
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def held(self, page: Page) -> Held:
        """Return the verification that a page shows."""
        told = json.loads(page.evaluate("sessionStorage.getItem('countersign-verification')"))
        return Held(told["id"], told["token"])

    def messages(self, page: Page, *, least: int) -> list[str]:
        """Return what was sent for the verification that a page shows, once there are so many at least."""
        path, bodies = f"/api/outbox?instanceId={self.held(page).id}", list[str]()

        def are_there() -> bool:
            bodies[:] = [one["body"] for one in self.users.ask("GET", path).body]
            return len(bodies) >= least

        wait_until(are_there, within=30, what=f"{least} messages")
        return bodies

    def code(self, page: Page) -> str:
        """Return the code of the verification that a page shows, once it was sent."""
        self.users.once_sent(self.held(page))
        found = re.search("code is ([0-9]+)", self.messages(page, least=1)[-1])
        assert found is not None
        return found[1]

    def wrong(self, page: Page) -> str:
        """Return another code."""
        return str(int(self.code(page)) ^ 1)

    def started(self, page: Page, number: str | None = None) -> str:
        """Open the page and start a verification there; return its number."""
        number = number or self.number()
        page.goto(self.url)
        page.get_by_label("Mobile number").fill(number)
        page.get_by_role("button", name="Send the code").click()
        expect(page.get_by_label("Code from the SMS")).to_be_focused()
        return number


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Desk]:
    """One devhost for all tests here, which run one by one: each has a number of its own, and may move the clock."""
    settings = an_environment(AzureWebJobsStorage=azurite, SmsProvider="console", StartsPerAddress="off")
    settings |= {"SendsPerPrefix": "off", "SendsInAll": "off", "VerifyPageEnabled": "true"}
    settings[KEY_SETTING] = fresh_key()  # no phone is known from another test on the same storage
    with running_devhost(tmp_path_factory.mktemp("devhost"), settings) as host:
        yield Desk(Users(host))


class _Anything(BaseHTTPRequestHandler):
    """A page about nothing, whatever is asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>elsewhere</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another site, as near to ours as can be: on this machine, so that browsers take it for the same site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Anything) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def guess(page: Page, code: str) -> None:
    """Type a code and press Enter."""
    page.get_by_label("Code from the SMS").fill(code)
    page.keyboard.press("Enter")


def test_a_phone_is_verified_with_the_keyboard_alone(desk: Desk, page: Page) -> None:
    """Number, Enter, code, Enter: the focus is always where the next key belongs, and the end is a heading."""
    page.goto(desk.url)
    expect(page.get_by_label("Mobile number")).to_be_focused()
    page.keyboard.type(desk.number())
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code from the SMS")).to_be_focused()
    expect(page).to_have_title("Type the code")
    code = desk.code(page)

    page.keyboard.type(f" {code[:2]} {code[2:]} ")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Your phone is verified")).to_be_focused()
    expect(page).to_have_title("Your phone is verified")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Mobile number")).to_be_focused()
    expect(page.get_by_label("Mobile number")).to_have_value("")


def test_wrong_codes_are_told_until_the_last(desk: Desk, page: Page) -> None:
    """Each wrong code is told beside the field with what is left; what is no code costs nothing; the last one ends."""
    desk.started(page)
    wrong, problem = desk.wrong(page), page.locator("#code-problem")

    for code, told in (
        ("", "A code is needed."),
        ("12ab", "A code has digits only."),
        ("12345", "That cannot be right. Check what you typed."),
        (wrong, "That is not the code. 2 attempts are left."),
        (wrong, "That is not the code. One attempt is left."),
    ):
        guess(page, code)
        expect(problem).to_have_text(told)
        expect(page.get_by_label("Code from the SMS")).to_be_focused()
        expect(page.get_by_label("Code from the SMS")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#attempts")).to_have_text("1")
    guess(page, wrong)

    expect(page.get_by_role("heading", name="Not verified")).to_be_focused()
    expect(page.get_by_text("No attempt was the right code.")).to_be_visible()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("", "A number is needed."),
        ("2025550143", "That is no mobile number. Write it with +"),
        ("+19005550143", "Numbers of this country or kind get no SMS from us."),
    ],
)
def test_a_number_that_gets_no_message_is_told(desk: Desk, page: Page, number: str, told: str) -> None:
    """What is wrong with a number stands beside the field, and the field has the focus."""
    page.goto(desk.url)
    page.get_by_label("Mobile number").fill(number)

    page.get_by_role("button", name="Send the code").click()

    expect(page.locator("#number-problem")).to_contain_text(told)
    expect(page.get_by_label("Mobile number")).to_be_focused()
    expect(page.get_by_label("Mobile number")).to_have_attribute("aria-invalid", "true")


def test_each_problem_has_words_of_its_own(desk: Desk, page: Page) -> None:
    """Whatever the API may refuse a user with is told in a sentence of its own, with how long to wait."""
    codes = sorted({problem.code for problem in PROBLEMS.values()} - CASES_ONLY | {"sms_unavailable", "unauthorized"})
    waits = itertools.cycle([(None, ""), ("1", "Try again in 1 second."), ("86000", "Try again in 24 hours.")])
    page.goto(desk.url)
    told = []

    for code in codes:
        seconds, wait = next(waits)
        page.unroute_all()
        page.route("**/verify/start", partial(_refuse, code, seconds))
        page.get_by_label("Mobile number").fill(desk.number())
        page.get_by_role("button", name="Send the code").click()
        expect(page.locator("#number-problem")).to_contain_text(wait or ".")
        told.append(page.locator("#number-problem").inner_text().replace(wait, "").strip())

    assert len(set(told)) == len(codes)
    assert not any(code in " ".join(told) for code in codes if "_" in code)
    assert "Something went wrong on our side. Try again." not in told


def _refuse(code: str, retry_after: str | None, route: Route) -> None:
    headers = {"Retry-After": retry_after} if retry_after else {}
    route.fulfill(status=429, content_type="application/problem+json", headers=headers, body=json.dumps({"code": code}))


def test_what_the_api_says_is_never_markup(desk: Desk, page: Page) -> None:
    """Text of an answer is shown as it was written, and runs nothing. Threat 55."""
    begun = {"id": f"ver_{'0' * 32}", "token": "t", "status": "pending", "to": MARKUP, "resendAfterSeconds": MARKUP}
    begun |= {"expiresAt": "2099-01-01T00:00:00Z", "attemptsRemaining": MARKUP}
    page.route("**/verify/start", lambda route: route.fulfill(status=201, body=json.dumps(begun)))
    page.goto(desk.url)
    page.get_by_label("Mobile number").fill(desk.number())

    page.get_by_role("button", name="Send the code").click()

    expect(page.locator("#sent")).to_have_text(f"We sent it to {MARKUP}.")
    expect(page.locator("#attempts")).to_have_text(MARKUP)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/verifications"),
        ("DELETE", f"/api/verifications/ver_{'0' * 32}"),
        ("GET", f"/api/verifications/ver_{'0' * 32}/check"),
        ("GET", "/verify/start"),
        ("POST", "/verify"),
        ("PUT", "/verify/start"),
    ],
)
def test_a_method_that_a_route_does_not_have_is_not_found(desk: Desk, method: str, path: str) -> None:
    """A wrong method is 404, as the platform answers. Threat 28."""
    assert desk.users.ask(method, path).status == 404


def test_the_time_is_counted_down_to_its_end(desk: Desk, page: Page) -> None:
    """The time left is shown by the host's clock, told aloud when it gets short, and its end is told at once."""
    desk.started(page)
    left = page.get_by_role("timer")
    expect(left).to_have_text(re.compile("^(2:00|1:5[0-9])$"))

    desk.advance(page, "PT1M30S")
    expect(left).to_have_text(re.compile("^0:[23][0-9]$"))
    expect(page.get_by_role("status")).to_have_text("30 seconds left.")
    desk.advance(page, "PT31S")

    expect(page.get_by_role("heading", name="The time is over")).to_be_focused()
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_label("Mobile number")).to_be_focused()


def test_the_code_is_sent_again_when_it_may_be(desk: Desk, page: Page) -> None:
    """Before thirty seconds and after two times the button does nothing and says why; the focus stays on it."""
    desk.started(page)
    button, hint = page.get_by_role("button", name="Send it again"), page.locator("#resend-hint")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(hint).to_have_text(re.compile("^In [123][0-9]? seconds.$"))
    button.press("Enter")

    for count in (2, 3):
        desk.advance(page, "PT31S")
        expect(button).to_have_attribute("aria-disabled", "false")
        button.press("Enter")
        expect(page.get_by_role("status")).to_have_text("The same code is on its way again.")
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-disabled", "true")
        assert len(desk.messages(page, least=count)) == count
    expect(hint).to_have_text("It is not sent again.")
    guess(page, desk.code(page))

    expect(page.get_by_role("heading", name="Your phone is verified")).to_be_focused()


def test_whoever_cancels_may_start_anew(desk: Desk, page: Page) -> None:
    """After a cancel the code is worth nothing, and the same phone may begin again at once."""
    number = desk.started(page)

    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Canceled")).to_be_focused()
    page.get_by_role("button", name="Start again").click()
    page.get_by_label("Mobile number").fill(number)
    page.keyboard.press("Enter")

    expect(page.get_by_label("Code from the SMS")).to_be_focused()


def test_a_reload_goes_on_where_it_was(desk: Desk, page: Page) -> None:
    """After a reload the same verification is there with what is left of it, and no token is in any address."""
    desk.started(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    guess(page, desk.wrong(page))
    expect(page.locator("#attempts")).to_have_text("2")

    page.reload()
    expect(page.get_by_label("Code from the SMS")).to_be_focused()
    expect(page.locator("#attempts")).to_have_text("2")
    expect(page.get_by_role("button", name="Send it again")).to_have_attribute("aria-disabled", "true")
    held = desk.held(page)
    guess(page, desk.code(page))

    expect(page.get_by_role("heading", name="Your phone is verified")).to_be_focused()
    assert page.url == desk.url
    assert not any(held.token in url for url in asked)
    assert page.evaluate("sessionStorage.length") == 0


def test_two_tabs_have_a_verification_each(desk: Desk, page: Page) -> None:
    """What happens in one tab shows in no other, though both have one session. Threat 37."""
    other = page.context.new_page()
    numbers = [desk.started(one) for one in (page, other)]

    guess(page, desk.wrong(page))
    expect(page.locator("#attempts")).to_have_text("2")
    guess(other, desk.code(other))

    expect(other.get_by_role("heading", name="Your phone is verified")).to_be_visible()
    page.reload()
    expect(page.locator("#attempts")).to_have_text("2")
    expect(page.locator("#sent")).to_contain_text(numbers[0][-4:])
    assert len(page.context.cookies()) == 1


def test_a_start_whose_answer_was_lost_is_found_again(desk: Desk, page: Page) -> None:
    """Where the connection breaks after the start, a reload finds the verification: one SMS, one start."""
    number = desk.number()
    before = desk.users.messages()
    page.goto(desk.url)
    page.route("**/verify/start", _lose)
    page.get_by_label("Mobile number").fill(number)
    page.get_by_role("button", name="Send the code").click()
    expect(page.locator("#number-problem")).to_have_text("There is no connection. Try again.")
    page.unroute_all()

    page.reload()

    expect(page.get_by_label("Code from the SMS")).to_be_focused()
    code = desk.code(page)
    assert desk.users.messages() - before == 1
    guess(page, code)
    expect(page.get_by_role("heading", name="Your phone is verified")).to_be_visible()


def _lose(route: Route) -> None:
    """Let the host do what it was asked, and lose its answer."""
    assert route.fetch().status == 201
    route.abort()


def test_a_session_that_is_over_is_begun_anew(desk: Desk, page: Page) -> None:
    """Whoever left the page open so long that its cookie ended notices nothing of it."""
    page.goto(desk.url)
    page.context.clear_cookies()

    page.get_by_label("Mobile number").fill(desk.number())
    page.keyboard.press("Enter")

    expect(page.get_by_label("Code from the SMS")).to_be_focused()


def test_a_lost_connection_is_told_and_overcome(desk: Desk, page: Page) -> None:
    """Without a connection a code stays where it was typed; with it, the same Enter verifies."""
    desk.started(page)
    code = desk.code(page)
    page.context.set_offline(True)
    guess(page, code)
    expect(page.locator("#code-problem")).to_have_text("There is no connection. Try again.")
    expect(page.get_by_label("Code from the SMS")).to_have_value(code)
    page.context.set_offline(False)

    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Your phone is verified")).to_be_visible()


def test_what_an_operator_ended_is_told(desk: Desk, page: Page) -> None:
    """The page sees by itself that the verification is over, however that came."""
    desk.started(page)
    held = desk.users.once_sent(desk.held(page))

    desk.users.ask("POST", f"/api/verifications/{held.id}/cancel", {}, token=held.token)

    expect(page.get_by_role("heading", name="Canceled")).to_be_focused()


def test_the_page_of_another_origin_starts_nothing(desk: Desk, page: Page, elsewhere: str) -> None:
    """Another page cannot start a verification in the name of a browser that has ours open. Threat 54."""
    page.goto(desk.url)
    before = desk.users.messages()
    page.goto(elsewhere)

    with page.expect_response(f"{desk.url}/start") as answered:
        page.evaluate(
            "([url, body]) => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include', body})",
            [f"{desk.url}/start", json.dumps({"phoneNumber": desk.number()})],
        )

    assert answered.value.status == 403
    assert desk.users.messages() == before


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_the_page_is_accessible(desk: Desk, new_page: Callable[..., Page], scheme: Any, width: int) -> None:
    """In each of its views, light and dark, narrow and wide: nothing for axe to find, nothing to scroll sideways."""
    page = new_page(viewport={"width": width, "height": 640}, color_scheme=scheme)
    page.goto(desk.url)
    page.get_by_label("Mobile number").fill("+19005550143 and a good deal more than fits")
    page.keyboard.press("Enter")
    expect(page.locator("#number-problem")).not_to_be_empty()
    found, widths = violations(page), [page.evaluate("document.documentElement.scrollWidth")]
    desk.started(page)
    guess(page, desk.wrong(page))
    expect(page.locator("#code-problem")).not_to_be_empty()
    found += violations(page)
    widths.append(page.evaluate("document.documentElement.scrollWidth"))
    guess(page, desk.code(page))
    expect(page.get_by_role("heading", name="Your phone is verified")).to_be_visible()
    found += violations(page)
    widths.append(page.evaluate("document.documentElement.scrollWidth"))

    assert found == []
    assert widths == [width] * 3
