"""The page at /devhost in a real Chromium, over a real devhost with a small app."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.support.apps import write_app
from tests.support.browser import browser, new_page, page, violations
from tests.support.operators import ENDED
from tools.caller import Caller
from tools.running_devhost import RunningDevhost, running_devhost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

__all__ = ["browser", "new_page", "page"]

HUB = "/runtime/webhooks/durabletask"
MARKUP = "<img src=x onerror=alert(1)>"
APP = """
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.orchestration_trigger(context_name="context")
def Approval(context):
    greeting = yield context.call_activity("Greet", context.instance_id)
    context.set_custom_status({"stage": "waiting"})
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=2))
    decision = context.wait_for_external_event("Decision")
    winner = yield context.task_any([decision, timer])
    if winner == timer:
        return "expired"
    timer.cancel()
    return [greeting, decision.result]


@app.orchestration_trigger(context_name="context")
def Ends(context):
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def Counts(context):
    for number in range(110):
        yield context.call_activity("Greet", str(number))


@app.activity_trigger(input_name="name")
def Greet(name: str) -> str:
    return f"Hello {name}"
"""


class Desk:
    """A devhost, and the words in which these tests speak to it."""

    def __init__(self, devhost: RunningDevhost) -> None:
        self.caller = Caller(devhost.port, say=lambda _: None)
        self.url = f"http://127.0.0.1:{devhost.port}/devhost"

    def start(self, function: str, instance_id: str, value: object = None) -> None:
        """Start an instance and wait until it waits for somebody, or has ended."""
        assert self.caller.post(f"{HUB}/orchestrators/{function}/{_twice(instance_id)}", value).status == 202
        self.wait_for(instance_id, lambda status: status["customStatus"] or status["runtimeStatus"] in ENDED)

    def wait_for(self, instance_id: str, is_so: Callable[[Any], bool]) -> Any:
        """Return the status of an instance once it *is_so*."""
        return self.caller.get_until(f"{HUB}/instances/{_twice(instance_id)}", is_so, what=instance_id)

    def state_of(self, instance_id: str) -> str:
        """Return the state of an instance as it is now."""
        return str(self.caller.get(f"{HUB}/instances/{_twice(instance_id)}").body["runtimeStatus"])

    def link_to(self, instance_id: str) -> str:
        """Return the URL of the page with this instance chosen."""
        return f"{self.url}#/{quote(instance_id, safe='')}"


def _twice(instance_id: str) -> str:
    return quote(quote(instance_id, safe=""), safe="")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small app."""
    return write_app(tmp_path_factory.mktemp("app"), source=APP)


@pytest.fixture(scope="module")
def desk(app: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A devhost for all tests that only look at instances of their own."""
    with running_devhost(tmp_path_factory.mktemp("devhost"), {}, app=app) as devhost:
        yield Desk(devhost)


@pytest.fixture
def own(app: Path, tmp_path: Path) -> Iterator[Desk]:
    """A devhost for a test that wants it empty, moves its clock, or ends it."""
    with running_devhost(tmp_path, {}, app=app) as devhost:
        yield Desk(devhost)


def rows(page: Page) -> Locator:
    """The instances as they are listed."""
    return page.get_by_role("list", name="Instances").get_by_role("listitem")


def history(page: Page) -> Locator:
    """The events of the chosen instance."""
    return page.locator("#timeline > li")


def test_instances_are_listed_with_their_state(desk: Desk, page: Page) -> None:
    """A row names an instance, its function, its state and when it was last updated."""
    desk.start("Approval", "listed-running")
    desk.start("Ends", "listed-ended")

    page.goto(desk.url)
    page.get_by_label("Id begins with").fill("listed-")

    expect(rows(page)).to_have_text(
        [re.compile(r"listed-ended.*Completed.*Ends.*UTC"), re.compile(r"listed-running.*Running.*Approval.*UTC")]
    )


def test_a_state_narrows_the_list(desk: Desk, page: Page) -> None:
    """With a state chosen only instances in that state are listed, and a filter that nothing fits says so."""
    desk.start("Approval", "narrow-running")
    desk.start("Ends", "narrow-ended")
    page.goto(desk.url)
    page.get_by_label("Id begins with").fill("narrow-")

    page.get_by_role("combobox", name="State").select_option("Running")
    expect(rows(page)).to_have_text([re.compile("narrow-running")])
    page.get_by_role("combobox", name="State").select_option("Failed")

    expect(page.get_by_text("No instance matches.")).to_be_visible()
    expect(rows(page)).to_have_count(0)


def test_many_instances_come_in_pages(desk: Desk, page: Page) -> None:
    """Twenty-five instances make a page; one goes on and comes back."""
    for number in range(27):
        assert desk.caller.post(f"{HUB}/orchestrators/Ends/paged-{number:02}", None).status == 202
    desk.wait_for("paged-26", lambda status: status["runtimeStatus"] == "Completed")
    page.goto(desk.url)
    page.get_by_label("Id begins with").fill("paged-")
    expect(rows(page)).to_have_count(25)

    page.get_by_role("button", name="Next", exact=True).click()
    expect(rows(page)).to_have_text([re.compile("paged-25"), re.compile("paged-26")])
    page.get_by_role("button", name="Previous").click()

    expect(rows(page)).to_have_count(25)
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()


def test_an_instance_is_chosen_with_the_keyboard(desk: Desk, page: Page) -> None:
    """Enter on a row shows the instance, moves the focus to its name, and gives it an address of its own."""
    desk.start("Approval", "keys-1")
    page.goto(desk.url)
    page.get_by_label("Id begins with").fill("keys-")
    expect(rows(page)).to_have_count(1)

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="keys-1")).to_be_focused()
    assert page.url == desk.link_to("keys-1")


def test_the_focus_stays_where_it_is_while_the_list_changes(desk: Desk, page: Page) -> None:
    """An instance that appears above does not take the focus from the row that has it."""
    desk.start("Approval", "focus-b")
    page.goto(desk.url)
    page.get_by_label("Id begins with").fill("focus-")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("link", name="focus-b").last.focus()

    desk.start("Ends", "focus-a")

    expect(rows(page)).to_have_text([re.compile("focus-a"), re.compile("focus-b")])
    expect(page.get_by_role("link", name="focus-b").last).to_be_focused()


def test_a_history_is_a_timeline_with_inputs_and_outputs(desk: Desk, page: Page) -> None:
    """Each event stands with its time, its function, what went in and what came out."""
    desk.start("Approval", "story", {"amount": 12345678901234567890})
    assert desk.caller.post(f"{HUB}/instances/story/raiseEvent/Decision", {"by": "ann"}).status == 202
    desk.wait_for("story", lambda status: status["runtimeStatus"] == "Completed")

    page.goto(desk.link_to("story"))

    patterns = (
        r'ExecutionStarted\s*Approval.*\+0\.000 s.*Input\{.*"amount": 12345678901234567890',
        r'TaskCompleted\s*Greet.*Input"story".*Result"Hello story"',
        r"TimerCreated.*FireAt",
        r'EventRaised\s*Decision.*Input\{.*"by": "ann"',
        r'ExecutionCompleted.*OrchestrationStatusCompleted.*"Hello story"',
    )
    expect(history(page)).to_have_text([re.compile(pattern, re.DOTALL) for pattern in patterns])
    expect(page.locator("#values")).to_contain_text('"Hello story"')


@pytest.mark.parametrize("instance_id", ["blank and + and %41", "grüße-→", "..", "quote'\"<b>&"])
def test_odd_ids_can_be_looked_at(desk: Desk, page: Page, instance_id: str) -> None:
    """An id that its URL has to escape is shown like any other."""
    desk.start("Ends", instance_id.replace("..", "dots..dots"), "odd")

    page.goto(desk.link_to(instance_id.replace("..", "dots..dots")))

    expect(history(page).first).to_contain_text("ExecutionStarted")


def test_what_an_app_stored_is_never_markup(desk: Desk, page: Page) -> None:
    """Markup in ids, inputs, outputs and reasons is shown as it was written, and runs nothing."""
    desk.start("Ends", f"markup {MARKUP}", json.dumps({"text": MARKUP}))

    page.goto(desk.link_to(f"markup {MARKUP}"))

    expect(page.get_by_role("heading", name=f"markup {MARKUP}")).to_be_visible()
    expect(page.locator("#values")).to_contain_text(MARKUP)
    expect(history(page).last).to_contain_text(MARKUP)
    assert page.locator("img").count() == 0


def test_an_event_is_raised(desk: Desk, page: Page) -> None:
    """A raised event reaches the instance with its JSON value, and the page shows what came of it."""
    desk.start("Approval", "raise-1")
    page.goto(desk.link_to("raise-1"))

    page.get_by_label("Event", exact=True).fill("Decision")
    page.get_by_label("Value, as JSON").fill('{"approved": true, "cents": 12345678901234567890}')
    page.get_by_role("button", name="Raise event").click()

    expect(page.get_by_text("Raised Decision.")).to_be_visible()
    expect(page.locator("#status")).to_have_text("Completed")
    output = desk.wait_for("raise-1", lambda status: status["output"])["output"]
    assert output == ["Hello raise-1", {"approved": True, "cents": 12345678901234567890}]


def test_a_value_that_is_not_json_is_not_sent(desk: Desk, page: Page) -> None:
    """The field says what is wrong and gets the focus; the instance hears nothing."""
    desk.start("Approval", "raise-2")
    page.goto(desk.link_to("raise-2"))
    page.get_by_label("Event", exact=True).fill("Decision")
    value = page.get_by_label("Value, as JSON")
    value.fill("yes")

    page.get_by_role("button", name="Raise event").click()

    expect(value).to_be_focused()
    expect(value).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("This is not JSON")).to_be_visible()
    assert desk.state_of("raise-2") == "Running"


def test_an_instance_is_suspended_and_resumed(desk: Desk, page: Page) -> None:
    """Only what fits the state is offered: suspend while it runs, resume while it is suspended."""
    desk.start("Approval", "pause")
    page.goto(desk.link_to("pause"))
    page.get_by_label("Reason").fill("lunch & <tea>")

    page.get_by_role("button", name="Suspend").click()
    expect(page.locator("#status")).to_have_text("Suspended")
    expect(page.get_by_role("button", name="Suspend")).to_be_hidden()
    expect(history(page).last).to_contain_text("Reason lunch & <tea>", use_inner_text=True)
    page.get_by_role("button", name="Resume").click()

    expect(page.locator("#status")).to_have_text("Running")
    expect(page.get_by_role("button", name="Suspend")).to_be_visible()


def test_ending_an_instance_asks_first(desk: Desk, page: Page) -> None:
    """Terminate and purge happen only when they are confirmed; after the purge the instance is gone."""
    desk.start("Approval", "end")
    page.goto(desk.link_to("end"))
    sure = page.get_by_role("dialog")

    page.get_by_role("button", name="Terminate").click()
    page.keyboard.press("Escape")
    expect(sure).to_be_hidden()
    assert desk.state_of("end") == "Running"

    page.get_by_role("button", name="Terminate").click()
    sure.get_by_role("button", name="Terminate").click()
    expect(page.locator("#status")).to_have_text("Terminated")

    page.get_by_role("button", name="Purge").click()
    sure.get_by_role("button", name="Cancel").click()
    assert desk.state_of("end") == "Terminated"

    page.get_by_role("button", name="Purge").click()
    sure.get_by_role("button", name="Purge").click()
    expect(page.get_by_text("There is no instance of this id")).to_be_visible()
    assert desk.caller.get(f"{HUB}/instances/end").status == 404


def test_a_long_history_is_shown_in_two_steps(desk: Desk, page: Page) -> None:
    """The first events come at once, and all of them when asked."""
    desk.start("Counts", "long")
    page.goto(desk.link_to("long"))
    expect(history(page)).to_have_count(100)

    page.get_by_role("button", name="Show all events").click()

    expect(history(page)).to_have_count(112)
    expect(history(page).last).to_contain_text("ExecutionCompleted")


def test_time_is_moved_to_what_is_due(own: Desk, page: Page) -> None:
    """What is due next is listed; moving the clock by a span, and then to the next timer, lets it happen."""
    page.goto(own.url)
    expect(page.get_by_text("No timer is set.")).to_be_visible()
    expect(page.get_by_text("No instance yet")).to_be_visible()
    own.start("Approval", "waits")
    expect(page.get_by_role("list", name="Due next").get_by_role("listitem")).to_have_text([re.compile("waits.*Appr")])

    page.get_by_label("Advance by").fill("1")
    page.get_by_label("Unit").select_option("hours")
    page.get_by_role("button", name="Advance").click()
    expect(page.get_by_text("The clock was moved.")).to_be_visible()
    assert own.state_of("waits") == "Running"
    page.get_by_role("button", name="To the next timer").click()

    expect(rows(page)).to_have_text([re.compile("waits.*Completed")])
    expect(page.get_by_text("No timer is set.")).to_be_visible()
    assert own.wait_for("waits", lambda status: status["output"])["output"] == "expired"


def test_what_is_old_says_so(desk: Desk, page: Page) -> None:
    """While devhost does not answer the page keeps what it had and says how old it is; then it goes on."""
    desk.start("Approval", "kept")
    page.goto(desk.link_to("kept"))
    expect(history(page).first).to_be_visible()

    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"devhost does not answer\. What you see is from \d"))
    expect(page.locator("#status")).to_have_text("Running")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("devhost does not answer.", exact=True)).to_be_visible()
    page.context.set_offline(False)

    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#status")).to_have_text("Running")


def test_a_refusal_is_told_in_its_place(desk: Desk, page: Page) -> None:
    """What the host refuses is told beside the button, in the words of the host, and the page goes on."""
    page.goto(desk.url)
    page.get_by_label("Advance by").fill("9999")
    page.get_by_label("Unit").select_option("days")

    page.get_by_role("button", name="Advance").click()

    expect(page.get_by_text("devhost answered 400: Cannot move the clock: more than 3660 days")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_the_page_is_accessible(desk: Desk, new_page: Callable[..., Page], scheme: str, width: int) -> None:
    """In light and dark, narrow and wide: nothing for axe to find, and nothing to scroll sideways."""
    mine = f"axe-{scheme}-{width}-"
    names = (f"{mine}ended", f"{mine}running-with-an-id-that-is-a-good-deal-longer-than-a-telephone-is-wide")
    desk.start("Ends", names[0], "x" * 2000)
    desk.start("Approval", names[1])
    page = new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    page.goto(desk.url)
    page.get_by_label("Id begins with").fill(mine)
    expect(rows(page)).to_have_count(2)
    found = violations(page)

    for name in names:
        page.goto(desk.link_to(name))
        expect(history(page).first).to_be_visible()
        found += violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("button", name="Terminate").click()
    found += violations(page)

    assert found == []


def test_the_page_of_another_site_cannot_use_it(desk: Desk, own: Desk, new_page: Callable[..., Page]) -> None:
    """A page of another origin, here another devhost's, cannot end an instance by a request that needs no leave."""
    desk.start("Approval", "guarded")
    page = new_page(bypass_csp=True)
    page.goto(own.url)
    target = f"{desk.url}/api/instances/guarded/terminate"

    page.evaluate("target => fetch(target, {method: 'POST', mode: 'no-cors'}).catch(() => null)", target)

    assert desk.state_of("guarded") == "Running"
    assert desk.caller.post("/devhost/api/instances/guarded/terminate", None).status == 202
