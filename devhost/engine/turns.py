"""From a loaded instance to a turn that can be committed: ask the orchestrator, decide, write it down."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from devhost.engine.actions import CallActivity, CallSubOrchestration, WhenAll, WhenAny
from devhost.engine.backend import NewInstance, TurnCommit
from devhost.engine.history import (
    Parent,
    RuntimeStatus,
    execution_completed,
    execution_started,
    orchestrator_completed,
    orchestrator_started,
)
from devhost.engine.turn import Ending, SendOperation, StartChild, Turn, TurnResult, decide
from devhost.engine.worker import OrchestratorCall
from devhost.ticks import PER_MICROSECOND, Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.clock import Clock
    from devhost.engine.actions import Action
    from devhost.engine.backend import Instance, LoadedTurn
    from devhost.engine.history import Event
    from devhost.engine.turn import Known
    from devhost.engine.versions import VersionRules
    from devhost.engine.worker import Worker

logger = logging.getLogger(__name__)


class KnownNames:
    """The names that an app has, compared without case."""

    def __init__(self, worker: Worker) -> None:
        self._activities = {name.lower() for name in worker.activity_names()}
        self._orchestrators = {name.lower() for name in worker.orchestrator_names()}
        self._entities = {name.lower() for name in worker.entity_names()}
        self._entity_names = tuple(worker.entity_names())

    def activity(self, name: str) -> bool:
        """Say whether there is such an activity."""
        return name.lower() in self._activities

    def orchestrator(self, name: str) -> bool:
        """Say whether there is such an orchestrator."""
        return name.lower() in self._orchestrators

    def entity(self, name: str) -> bool:
        """Say whether there is such an entity."""
        return name.lower() in self._entities

    def entity_names(self) -> tuple[str, ...]:
        """Return the names of all entities."""
        return self._entity_names


class UnknownNames:
    """Warns, once for each, of calls that hang for ever here because they hang for ever in Azure."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._warned: set[tuple[str, str]] = set()

    def warn_about(self, caller: Instance, actions: Sequence[Action]) -> None:
        """Log a warning for each name among *actions* that the app does not have."""
        for action in actions:
            if isinstance(action, WhenAny | WhenAll):
                self.warn_about(caller, action.actions)
            elif isinstance(action, CallActivity) and not self._known.activity(action.name):
                self._warn(caller, "activity", action.name)
            elif isinstance(action, CallSubOrchestration) and not self._known.orchestrator(action.name):
                self._warn(caller, "orchestrator", action.name)

    def _warn(self, caller: Instance, kind: str, name: str) -> None:
        if (caller.name, name) not in self._warned:
            self._warned.add((caller.name, name))
            logger.warning(
                "%s calls the %s %s, which the app does not have: it waits for ever, as in Azure",
                caller.name,
                kind,
                name,
                extra={"instance_id": caller.id},
            )


class TurnRunner:
    """Runs turns; each call blocks on the orchestrator function, so it belongs on a pool thread."""

    def __init__(self, worker: Worker, clock: Clock, versions: VersionRules) -> None:
        self._worker = worker
        self._clock = clock
        self._versions = versions
        self.known: Known = KnownNames(worker)
        self._unknown = UnknownNames(self.known)

    def run(self, loaded: LoadedTurn) -> TurnCommit:
        """Return the turn of *loaded*, ready to be committed."""
        opening = () if loaded.is_fresh else (orchestrator_started(self._clock.now()),)
        new = (*opening, *loaded.messages)
        history = (*loaded.past, *new)
        result = self._result(loaded, history)
        ended = self._clock.now()
        events = [*new, *result.decisions]
        if events:
            events.append(orchestrator_completed(ended))
        commit = TurnCommit(
            loaded=loaded, events=events, result=result, ended=ended, children=self._children(loaded, result, ended)
        )
        return commit if result.next_execution is None else self._continued(commit)

    def _result(self, loaded: LoadedTurn, history: tuple[Event, ...]) -> TurnResult:
        one = loaded.instance
        refusal = self._refusal(loaded)
        if refusal is not None:
            return _failed_at_once(refusal, self._clock.now())
        call = OrchestratorCall(
            instance_id=one.id,
            name=one.name,
            history=history,
            new_from=0 if loaded.is_fresh else len(loaded.past),
            parent_instance_id=None if loaded.parent is None else loaded.parent.instance_id,
        )
        answer = self._worker.orchestrate(call)
        self._unknown.warn_about(one, answer.actions)
        turn = Turn(
            instance_id=one.id,
            execution_id=one.execution_id,
            name=one.name,
            history=history,
            known=self.known,
            ends_at=self._clock.now(),
        )
        result = decide(turn, answer)
        return _refused_entities(loaded, result) if _sends_to_entities(result) else result

    def _refusal(self, loaded: LoadedTurn) -> str | None:
        """Return why the function cannot even be called, in the real host's words."""
        one = loaded.instance
        if not self.runs(loaded):
            return "VersionMismatch: Orchestration version did not comply with Worker Versioning"
        failed = f"Orchestrator function '{one.name}' failed: "
        if not self.known.orchestrator(one.name):
            return failed + _unknown_orchestrator(one.name, self._worker)
        if one.input is not None and not one.input.strip():
            return f"{failed}One or more errors occurred. (Exception while executing function: {one.name})"
        return None

    def runs(self, loaded: LoadedTurn) -> bool:
        """Say whether this host runs the version of an instance; once begun, it does."""
        return loaded.turns > 0 or self._versions.runs(loaded.instance.version)

    def leaves_alone(self, loaded: LoadedTurn) -> bool:
        """Say whether an instance stays Pending, because another host may come that runs its version."""
        return not self._versions.fails and not self.runs(loaded)

    def _children(self, loaded: LoadedTurn, result: TurnResult, at: Ticks) -> tuple[NewInstance, ...]:
        return tuple(
            self._child(loaded, message, at)
            for message in result.messages
            if isinstance(message, StartChild) and self._versions.runs(self._version_of(message))
        )

    def _version_of(self, message: StartChild) -> str | None:
        return self._versions.default if message.version is None else message.version

    def _child(self, loaded: LoadedTurn, message: StartChild, at: Ticks) -> NewInstance:
        one = loaded.instance
        parent = Parent(
            name=one.name,
            instance_id=one.id,
            execution_id=one.execution_id,
            task_id=message.task_id,
            version=one.version,
        )
        return NewInstance(
            id=message.instance_id,
            execution_id=uuid.uuid4().hex,
            name=message.name,
            version=self._version_of(message),
            input=message.input,
            at=at,
            parent=parent,
        )

    def _continued(self, commit: TurnCommit) -> TurnCommit:
        """Add the beginning of the next execution: 12, 0, what is carried over, 13, as the real host writes it."""
        loaded, following = commit.loaded, commit.result.next_execution
        if following is None:
            return commit
        one = loaded.instance
        started = execution_started(
            commit.ended,
            instance_id=one.id,
            execution_id=uuid.uuid4().hex,
            name=one.name,
            version=one.version,
            input_text=following.input,
            parent=loaded.parent,
            generation=None,
        )
        opened = Ticks(commit.ended + PER_MICROSECOND)
        events = (orchestrator_started(opened), started, *following.carried, orchestrator_completed(opened))
        return replace(commit, next_started=started, next_events=events)


def _failed_at_once(output: str, at: Ticks) -> TurnResult:
    return TurnResult(
        decisions=(execution_completed(at, 0, RuntimeStatus.FAILED, output),),
        messages=(),
        ending=Ending(status=RuntimeStatus.FAILED, output=output),
        next_execution=None,
        is_suspended=False,
        custom_status=None,
    )


def _sends_to_entities(result: TurnResult) -> bool:
    return any(isinstance(message, SendOperation) for message in result.messages)


def _refused_entities(loaded: LoadedTurn, result: TurnResult) -> TurnResult:
    """Fail what uses an entity, which devhost does not have."""
    one = loaded.instance
    logger.error("entities are not emulated: PARITY.md, row 4.4", extra={"instance_id": one.id})
    text = f"Orchestrator function '{one.name}' failed: devhost has no durable entities: PARITY.md, row 4.4"
    return _failed_at_once(text, result.decisions[-1].at)


def _unknown_orchestrator(name: str, worker: Worker) -> str:
    known = ", ".join(f"'{other}'" for other in worker.orchestrator_names())
    more = (
        f"The following are the known orchestrator functions: {known}."
        if known
        else "No orchestrator functions are currently registered!"
    )
    return (
        f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function. Additional info: {more}"
    )
