"""One orchestrator that runs a program given as data, so that any number of different orchestrators can be tried.

A program is `{"steps": [...]}`; each step is a list, its first item the verb:

    act N VALUE SECONDS     task N = activity Step
    boom N                  task N = activity Boom, which fails
    retry N WORKS_AT TRIES  task N = activity Flaky with retry, first pause 1 s
    timer N SECONDS         task N = timer
    wait N EVENT            task N = wait for an external event
    sub N STEPS             task N = this orchestrator with other steps, id made by the host
    anyof N NAMES           task N = task_any, not yet yielded;  allof N NAMES  likewise
    yield N                 yield task N, note its result
    any NAMES | all NAMES   yield task_any | task_all, note the winner | the results
    branch {WINNER: STEPS}  go on with the steps of the last winner, if it has any
    cancel N                cancel timer N, unless it has fired
    status VALUE            set_custom_status
    again STEPS             continue_as_new with other steps, then return
    raise                   raise ValueError

The output is the list of notes. The activities are never run here: their results are in the recordings.
"""

from __future__ import annotations

import typing
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

Notes = list[list[Any]]
Payload = typing.Dict[str, Any]  # noqa: UP006  the worker refuses dict[str, Any]


def make_app() -> Any:
    """Return a new app, since an app can be indexed only once."""
    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    app.orchestration_trigger(context_name="context")(Program)
    for activity in (Step, Boom, Flaky):
        app.activity_trigger(input_name="payload")(activity)
    return app


def Program(context: Any) -> Generator[Any, Any, Notes]:  # noqa: N802  its Azure name
    """Run the steps of the input and return the notes."""
    notes: Notes = []
    yield from _run(context, context.get_input()["steps"], {}, notes)
    return notes


def _run(context: Any, steps: list[Any], tasks: dict[str, Any], notes: Notes) -> Any:  # noqa: C901  one verb a branch
    for verb, *rest in steps:
        if verb in {"yield", "any", "all"}:
            yield from _await(context, verb, rest[0], tasks, notes)
        elif verb == "branch":
            yield from _run(context, rest[0].get(notes[-1][-1], []), tasks, notes)
        elif verb == "cancel":
            if not tasks[rest[0]].is_completed:
                tasks[rest[0]].cancel()
        elif verb == "status":
            context.set_custom_status(rest[0])
        elif verb == "again":
            context.continue_as_new({"steps": rest[0]})
            return
        elif verb == "raise":
            message = "the program raises"
            raise ValueError(message)
        else:
            tasks[rest[0]] = _task(context, verb, rest, tasks)


def _await(context: Any, verb: str, what: Any, tasks: dict[str, Any], notes: Notes) -> Any:
    if verb == "any":
        winner = yield context.task_any([tasks[name] for name in what])
        notes.append(["any", next(name for name in what if tasks[name] is winner)])
        return
    try:
        value = yield (tasks[what] if verb == "yield" else context.task_all([tasks[n] for n in what]))
        if isinstance(value, df.models.Task.TaskBase):
            value = next(name for name, task in tasks.items() if task is value)
        elif isinstance(value, list) and verb == "yield":
            value = len(value)
        notes.append([verb, what, value])
    except Exception:  # noqa: BLE001  the SDK knows no narrower class
        notes.append([verb, what, "error"])


def _task(context: Any, verb: str, rest: list[Any], tasks: dict[str, Any]) -> Any:
    name = rest[0]
    if verb in {"anyof", "allof"}:
        group = [tasks[other] for other in rest[1]]
        return context.task_any(group) if verb == "anyof" else context.task_all(group)
    if verb == "timer":
        return context.create_timer(context.current_utc_datetime + timedelta(seconds=rest[1]))
    if verb == "wait":
        return context.wait_for_external_event(rest[1])
    if verb == "sub":
        return context.call_sub_orchestrator("Program", {"steps": rest[1]})
    return _activity(context, verb, name, rest)


def _activity(context: Any, verb: str, name: str, rest: list[Any]) -> Any:
    if verb == "act":
        return context.call_activity("Step", {"value": rest[1], "seconds": rest[2]})
    if verb == "boom":
        return context.call_activity("Boom", name)
    wish = {"key": f"{context.instance_id} {name}", "works_at": rest[1]}
    return context.call_activity_with_retry("Flaky", df.RetryOptions(1000, rest[2]), wish)


def Step(payload: Payload) -> str:  # noqa: N802  its Azure name
    """Return the value."""
    return str(payload["value"])


def Boom(payload: str) -> str:  # noqa: N802  its Azure name
    """Fail."""
    message = f"{payload} fails"
    raise ValueError(message)


def Flaky(payload: Payload) -> int:  # noqa: N802  its Azure name
    """Work at once."""
    return int(payload["works_at"])
