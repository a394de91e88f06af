"""The dashboard in a real Chromium, on devhost with its sign-in and Azurite."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, expect

from tests.support.browser import browser, new_page, page, violations
from tests.support.dashboard import (
    ADA,
    ALICE,
    BOB,
    OTTO,
    SAM,
    SUE,
    Desk,
    fact,
    foreign_page,
    history,
    hold_back,
    rows,
    search,
)
from tools.azurite import running_azurite
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

__all__ = ["browser", "new_page", "page"]

MARKUP = "<img src=x onerror=alert(1)><b>=HYPERLINK(1)</b>\u202etxt"
BOBS = {"orderId": "order-2001", "currency": "USD"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A devhost for all tests; each has cases of its own."""
    with running_azurite() as azurite:
        settings = {"AzureWebJobsStorage": azurite.connection_string, "SmsProvider": "console"}
        with running_devhost(tmp_path_factory.mktemp("devhost"), settings, options=["--auth"]) as devhost:
            yield Desk(devhost)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The page of another origin; cookies know no ports, so ours are sent from there."""
    with foreign_page("<!doctype html><title>Elsewhere</title><form method=post></form>") as url:
        yield url


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_and_back(desk: Desk, page: Page) -> None:
    """Without a session nothing is shown but a way in, which leads back to the case that a notice linked to."""
    case_id = desk.file()

    page.goto(desk.link_to(case_id))
    expect(page.get_by_text("Sign in to see the cases that you may see.")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name=SUE).click()

    expect(page.get_by_role("heading", name="Refund of 19.99 EUR", level=2)).to_be_visible()
    expect(fact(page, "Case")).to_have_text(case_id)
    expect(page.locator("#who")).to_have_text(re.compile(r"Signed in as Sue, a supervisor\s+Supervisor\s+Sign out"))


def test_what_waits_is_listed_with_all_that_matters(desk: Desk, page: Page) -> None:
    """Each pending case has its id, customer, order, action, amount, description, filing and the time left."""
    case_id = desk.file(
        BOB, orderId="order-2002", currency="KWD", amount=1234567 // 100, description="The bell is mute."
    )
    other = desk.file(orderId="order-1003", currency="JPY", amount=1500, action="escalation")
    desk.enter(page, SUE)

    search(page, "order-2002")

    filed = rf"Filed{re.escape(desk.case(case_id)['createdAt'][:16].replace('T', ' '))} UTC"
    who = r"Refund of 12\.345 KWDThe bell is mute\.Customercustomer-8Orderorder-2002"
    expect(rows(page)).to_have_text([re.compile(rf"{who}{filed}Time left6 d 23 hCase{case_id}")])
    search(page, other)
    expect(rows(page)).to_have_text([re.compile(r"Escalation over 1,500 JPY")])


def test_the_list_is_filtered_and_comes_in_pages(desk: Desk, page: Page) -> None:
    """Twenty-five cases make a page; order, customer, start of an id and action narrow the list; nothing is told."""
    desk.file_many(27, orderId="order-1003", currency="JPY", amount=7)
    bobs = desk.file(BOB, **BOBS, action="escalation", amount=100)
    desk.enter(page, ADA)

    search(page, "order-1003")
    expect(rows(page)).to_have_count(25)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#page")).to_have_text("2")
    expect(page.get_by_role("button", name="Previous")).to_be_enabled()
    page.get_by_role("button", name="Previous").click()
    expect(rows(page)).to_have_count(25)
    search(page, bobs[:20])
    expect(rows(page)).to_have_text([re.compile(bobs)])
    page.get_by_label("Action").select_option("Refund")
    expect(page.get_by_text("No case fits.")).to_be_visible()
    search(page, "not an id")
    expect(page.get_by_text("An id has only letters, digits, _ and -.")).to_be_visible()


def test_a_case_is_approved_by_keyboard_alone(desk: Desk, page: Page) -> None:
    """Tab and Enter lead from the list over the comment to the decision; it is told, paid, and listed as decided."""
    case_id = desk.file(amount=1234, description="The kettle leaks.")
    desk.enter(page, SUE)
    search(page, case_id)
    expect(rows(page)).to_have_count(1)

    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Refund of 12.34 EUR")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Refund of 12.34 EUR", level=2)).to_be_focused()
    expect(page.get_by_text("Approving pays 12.34 EUR back to customer-7.")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Photo seen.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#told")).to_have_text(re.compile(r"Approved by you, .* UTC\."))
    expect(fact(page, "Status")).to_have_text("Completed")
    expect(history(page)).to_have_text(
        [
            re.compile(r"Filed.*by customer-7"),
            re.compile(r"Approved.*by you.*Photo seen\."),
            re.compile(r"Completed"),
            re.compile(r"Customer told"),
        ]
    )
    expect(page.get_by_role("button", name="Approve")).to_be_hidden()
    expect(rows(page)).to_have_count(0)
    page.get_by_role("tab", name="Pending").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Decided")).to_be_focused()
    expect(rows(page)).to_have_text([re.compile(rf"StatusCompletedDecidedApproved by you, .* UTCCase{case_id}")])
    assert desk.case(case_id)["resolution"]["comment"] == "Photo seen."


def test_two_supervisors_race_and_both_screens_end_right(desk: Desk, new_page: Callable[..., Page]) -> None:
    """One decision stands; who was slower is told whose, and both see the same end. Threat 44."""
    case_id = desk.file()
    sues, sams = new_page(), new_page()
    for one, who in ((sues, SUE), (sams, SAM)):
        desk.enter(one, who, desk.link_to(case_id))
        expect(history(one)).to_have_count(1)
    hold_back(sams)

    sues.get_by_role("button", name="Approve").click()
    expect(sues.locator("#told")).to_have_text(re.compile("^Approved by you"))
    sams.get_by_label("Comment").fill("No receipt.")
    sams.get_by_role("button", name="Reject").click()

    expect(sams.locator("#told")).to_have_text(
        re.compile(r"This was decided before: Approved by supervisor-1, .* UTC\.")
    )
    sams.context.unroute_all()
    for one, by in ((sues, "you"), (sams, "supervisor-1")):
        expect(fact(one, "Status")).to_have_text("Completed")
        expect(one.locator("#verdict")).to_have_text(re.compile(rf"Approved by {by}, .* \(route team\)"))
        expect(one.get_by_role("button", name="Reject")).to_be_hidden()
    assert desk.trail(case_id)[:3] == ["opened", "approved", "completed"]


def test_what_others_do_is_seen_without_a_reload(desk: Desk, page: Page) -> None:
    """A case that is filed meanwhile appears above, takes the focus from nobody, and goes when it is decided."""
    old = desk.file(BOB, **BOBS, amount=1)
    desk.enter(page, SUE)
    search(page, "order-2001")
    page.get_by_role("link", name="Refund of 0.01 USD").focus()

    new = desk.file(BOB, **BOBS, amount=2)
    expect(rows(page).first).to_contain_text(new)
    expect(page.get_by_role("link", name="Refund of 0.01 USD")).to_be_focused()
    desk.person(SAM).post(f"/api/cases/{new}/reject", {}, If_Match='"1"')

    expect(rows(page).first).to_contain_text(old)


def test_who_may_not_decide_is_not_asked_to(desk: Desk, page: Page) -> None:
    """A customer sees his own cases only, and neither he nor an auditor is offered a decision. Threat 37."""
    mine, others = desk.file(), desk.file(BOB, **BOBS, amount=3)
    desk.enter(page, ALICE)
    search(page, "order-2001")
    expect(page.get_by_text("No case fits.")).to_be_visible()

    page.goto(desk.link_to(mine))
    expect(page.get_by_text("You filed this case; a supervisor decides it.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_hidden()
    page.goto(desk.link_to(others))
    expect(page.get_by_text("There is no such case, or none that you may see.")).to_be_visible()
    expect(page.locator("#chosen")).to_be_hidden()
    desk.enter(page, ADA, desk.link_to(mine))

    expect(page.get_by_text("A supervisor decides this case.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_hidden()


def test_what_people_wrote_is_never_markup(desk: Desk, page: Page) -> None:
    """Markup in a description and in a comment is shown as it was written, and runs nothing. Threat 51, Threat 55."""
    case_id = desk.file(description=MARKUP)
    desk.enter(page, SUE, desk.link_to(case_id))
    page.get_by_label("Comment").fill(MARKUP)

    page.get_by_role("button", name="Reject").click()

    expect(page.locator("#description")).to_have_text(MARKUP)
    expect(page.locator("#verdict q")).to_have_text(MARKUP)
    expect(history(page).nth(1)).to_contain_text(MARKUP)
    page.get_by_role("tab", name="Decided").click()
    search(page, case_id)
    expect(rows(page)).to_contain_text([MARKUP])
    assert page.locator("main :is(img, b)").count() == 0


def test_the_page_lets_nothing_else_run(desk: Desk, browser: Browser) -> None:
    """No inline script, no other origin, no frame: the headers say so, and the page keeps to it. Threat 55."""
    page = browser.new_page()  # which may complain

    answers = [page.goto(f"{desk.url}{path}") for path in ("/page.js", "/page.css", "/icon.svg", "")]
    with pytest.raises(Error, match="TrustedScript"):
        page.evaluate("document.createElement('script').text = 'window.ran = true'")

    for answer in answers:
        assert answer is not None
        headers = answer.headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert page.locator("[style], style, script:not([src])").count() == 0
    page.close()
    assert desk.caller.get("/dashboard/../settings.py").status == desk.caller.get("/dashboard/nothing.js").status == 404


def test_who_signs_out_leaves_nothing_behind(desk: Desk, page: Page) -> None:
    """Once the session is over, in whichever tab, the cases are taken off the screen."""
    desk.enter(page, SUE, desk.link_to(desk.file()))
    expect(history(page)).to_have_count(1)
    other = page.context.new_page()
    other.goto(desk.url)

    other.get_by_role("link", name="Sign out").click()

    expect(other.get_by_role("link", name="Sign in")).to_be_visible()
    page.bring_to_front()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert page.locator("#list > *, #trail > *, #facts > *").count() == 0
    assert page.locator("#description").text_content() == ""


def test_what_is_old_says_so(desk: Desk, page: Page) -> None:
    """While the app does not answer the page keeps what it had and says how old it is; a decision is not lost.

    It is sent again under the same key, so the answer is the first one. Threat 42.
    """
    case_id = desk.file()
    desk.enter(page, SUE, desk.link_to(case_id))
    expect(history(page)).to_have_count(1)
    hold_back(page)
    page.context.route("**/approve", lambda route: (route.fetch(), route.abort()))

    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#told")).to_have_text("The app does not answer.")
    expect(page.get_by_role("alert")).to_have_text(
        re.compile(r"The app does not answer\. What you see is from \d.*, and may have changed\.")
    )
    assert desk.ended(case_id)["status"] == "completed"
    page.context.unroute("**/approve")
    page.get_by_role("button", name="Approve").click()

    expect(page.locator("#told")).to_have_text(re.compile("^Approved by you"))
    page.context.unroute_all()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert desk.trail(case_id)[:3] == ["opened", "approved", "completed"]


@pytest.mark.parametrize(("who", "what"), [(SUE, "approve"), (SUE, "reject"), (OTTO, "retry-refund")])
def test_the_page_of_another_site_cannot_use_a_session(
    desk: Desk, elsewhere: str, page: Page, who: str, what: str
) -> None:
    """A page of another origin gets nothing done with our cookie, neither by a script nor by a form. Threat 54."""
    case_id = desk.file()
    desk.enter(page, who, desk.link_to(case_id))
    page.goto(elsewhere)
    target, me = f"{desk.origin}/api/cases/{case_id}/{what}", f"{desk.origin}/.auth/me"
    fetches = "([url, method]) => fetch(url, {method, mode: 'no-cors', credentials: 'include'})"

    with page.expect_response(me) as known:
        page.evaluate(fetches, [me, "GET"])
    with page.expect_response(target) as scripted:
        page.evaluate(fetches, [target, "POST"])
    with page.expect_response(target) as submitted:
        page.evaluate("url => Object.assign(document.forms[0], {action: url, enctype: 'text/plain'}).submit()", target)

    assert known.value.status == 200  # the cookie does go there
    assert [answer.value.status for answer in (scripted, submitted)] == [403, 403]
    assert desk.trail(case_id) == ["opened"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_the_page_is_accessible(desk: Desk, new_page: Callable[..., Page], scheme: str, width: int) -> None:
    """In light and dark, narrow and wide: nothing for axe to find, and nothing to scroll sideways."""
    page = new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    case_id = desk.file(description="An-enormously-long-word-" * 20)
    page.goto(desk.url)
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    found = violations(page)
    desk.enter(page, SUE)
    search(page, case_id)
    expect(rows(page)).to_have_count(1)
    found += violations(page)
    widths = [page.evaluate("document.documentElement.scrollWidth")]

    page.goto(desk.link_to(case_id))
    expect(history(page)).to_have_count(1)
    found += violations(page)
    widths.append(page.evaluate("document.documentElement.scrollWidth"))
    page.get_by_role("button", name="Reject").click()
    expect(history(page)).to_have_count(3)
    found += violations(page)
    page.goto(f"{desk.url}#/decided")
    expect(rows(page)).to_have_count(1)
    found += violations(page)

    assert found == []
    assert {*widths, page.evaluate("document.documentElement.scrollWidth")} == {width}
