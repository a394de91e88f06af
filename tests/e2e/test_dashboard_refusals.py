"""What the dashboard says to whom it is refused, and what days do to it; its host believes a proxy who calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.browser import browser, new_page
from tests.support.dashboard import Counter, fact, history, hold_back, rows, told_as
from tests.support.payment_stand_in import Fault, PaymentStandIn
from tools.azurite import running_azurite
from tools.running_devhost import running_devhost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

__all__ = ["browser", "new_page"]

ALICE = "customer-7 Requester"
SUE = "supervisor-1 Supervisor"
OTTO = "operator-1 Operator"


@pytest.fixture(scope="module")
def payments() -> Iterator[PaymentStandIn]:
    """A payment service that can be told to fail."""
    with PaymentStandIn() as service:
        yield service


@pytest.fixture(scope="module")
def counter(payments: PaymentStandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A devhost without a sign-in of its own, where time passes; each test has cases of its own."""
    settings = {
        "SmsProvider": "console",
        "WEBSITE_AUTH_ENABLED": "True",
        "PaymentProvider": "http",
        "PaymentApiBaseUrl": payments.url,
    }
    with running_azurite() as azurite:
        settings["AzureWebJobsStorage"] = azurite.connection_string
        with running_devhost(tmp_path_factory.mktemp("devhost"), settings) as devhost:
            yield Counter(devhost)


@pytest.fixture
def page_of(counter: Counter, new_page: Callable[..., Page]) -> Callable[[str, str], Page]:
    """Open the page of a case for somebody."""

    def opened(who: str, case_id: str) -> Page:
        page = new_page(extra_http_headers=told_as(who))
        page.goto(counter.link_to(case_id))
        expect(history(page).first).to_be_visible()
        return page

    return opened


def test_who_decides_what_has_changed_is_told_to_look_again(
    counter: Counter, page_of: Callable[[str, str], Page]
) -> None:
    """A case that went to the next route meanwhile is not decided unseen; seen again, it is. Threat 47.

    The time that is left is the app's, however far its clock is from the reader's.
    """
    case_id = counter.file(ALICE)
    page = page_of(SUE, case_id)
    expect(fact(page, "Lies with")).to_have_text("team, for 2 d 23 h more; then it is handed over")
    hold_back(page)
    counter.passes("P3D")

    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#told")).to_have_text(
        "The case has changed since you looked at it. Look at it again, then decide."
    )
    page.context.unroute_all()
    expect(fact(page, "Lies with")).to_have_text(re.compile("escalation, for .* more; then it is rejected"))
    expect(fact(page, "Time left")).to_have_text(re.compile("3 d 23 h|4 d 0 h"))
    page.get_by_role("button", name="Approve").click()

    expect(page.locator("#verdict")).to_have_text(re.compile(r"Approved by supervisor-1, .* \(route escalation\)"))


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("auditor-1 Auditor", "You may not do this. (this wants the role Supervisor)"),
        ("customer-7 Requester Supervisor", "You filed this case, so somebody else has to decide it."),
    ],
)
def test_a_refusal_is_told_in_its_place(
    counter: Counter, page_of: Callable[[str, str], Page], who: str, told: str
) -> None:
    """Where the page is not told roles it offers the decision, and the app refuses it. Threat 39, Threat 43."""
    case_id = counter.file(ALICE)
    page = page_of(who, case_id)

    page.get_by_role("button", name="Approve").click()

    expect(page.locator("#told")).to_have_text(told)
    expect(page.get_by_role("heading", name="Refund of 19.99 EUR", level=2)).to_be_focused()
    assert counter.case(case_id)["version"] == 1


def test_without_a_role_nothing_is_shown(counter: Counter, new_page: Callable[..., Page]) -> None:
    """Who has no role of ours is told so, and by which roles he would see cases. Threat 39."""
    page = new_page(extra_http_headers=told_as("stranger-1 Janitor"))

    page.goto(counter.url)

    expect(page.locator("#list-told")).to_have_text(
        "You may not do this. (this wants the role Requester or Supervisor or Auditor or Operator)"
    )
    expect(rows(page)).to_have_count(0)


def test_without_a_sign_in_the_page_says_so(counter: Counter, new_page: Callable[..., Page]) -> None:
    """Where the app believes nobody and no sign-in answers, the page says what may be missing."""
    page = new_page()

    page.goto(counter.url)

    expect(page.get_by_text("You are not signed in, and the platform's sign-in does not answer")).to_be_visible()


def test_an_operator_has_a_failed_payment_tried_again(
    counter: Counter, payments: PaymentStandIn, page_of: Callable[[str, str], Page]
) -> None:
    """After a day of failures the page says so, offers another try, and shows that it was paid; once."""
    case_id = counter.file(ALICE)
    payments.faults[:] = [Fault.BROKEN] * 1000
    assert counter.person(SUE).post(f"/api/cases/{case_id}/approve", {}, If_Match='"1"').status == 200
    counter.passes("P1DT1H")
    page = page_of(OTTO, case_id)
    expect(fact(page, "Status")).to_have_text("Refund failed")
    payments.faults.clear()

    page.get_by_role("button", name="Try the payment again").click()

    expect(page.locator("#told")).to_have_text("The payment is being tried again (retry 1).")
    expect(fact(page, "Status")).to_have_text("Completed")
    expect(page.get_by_role("button", name="Try the payment again")).to_be_hidden()
    expect(history(page)).to_contain_text(["New try of the payment asked for"])
    assert [paid["caseId"] for paid in payments.booked].count(case_id) == 1
