"""From a loaded instance to a turn that can be committed: ask the orchestrator, decide, write it down."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from devhost.engine.backend import NewInstance, TurnCommit
from devhost.engine.batches import BatchRunner
from devhost.engine.history import (
    NO_ID,
    Parent,
    RuntimeStatus,
    execution_completed,
    execution_started,
    orchestrator_completed,
    orchestrator_started,
)
from devhost.engine.names import KnownNames, UnknownNames
from devhost.engine.refusals import unknown_orchestrator
from devhost.engine.turn import Ending, StartChild, Turn, TurnResult, decide
from devhost.engine.worker import OrchestratorCall
from devhost.ticks import PER_MICROSECOND, Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.clock import Clock
    from devhost.engine.backend import BatchCommit, LoadedTurn
    from devhost.engine.history import Event
    from devhost.engine.options import EngineOptions
    from devhost.engine.turn import Known
    from devhost.engine.worker import Worker


class TurnRunner:
    """Runs turns; each call blocks on the orchestrator function, so it belongs on a pool thread."""

    def __init__(self, worker: Worker, clock: Clock, options: EngineOptions) -> None:
        self._worker = worker
        self._clock = clock
        self._versions = options.versions
        self._max_actions = options.max_actions
        self.known: Known = KnownNames(worker)
        self._unknown = UnknownNames(self.known, is_strict=options.is_strict)
        self._batches = BatchRunner(worker, clock, options.max_batch)

    def run(self, loaded: LoadedTurn) -> TurnCommit | BatchCommit:
        """Return the turn of *loaded*, or an entity's batch, ready to be committed."""
        return self._batches.run(loaded) if loaded.instance.is_entity else self._turn(loaded)

    def _turn(self, loaded: LoadedTurn) -> TurnCommit:
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
        unknown = self._unknown.found(one, answer.actions)
        if unknown is not None:
            return _failed_at_once(f"Orchestrator function '{one.name}' failed: {unknown}", self._clock.now(), history)
        turn = Turn(
            instance_id=one.id,
            execution_id=one.execution_id,
            name=one.name,
            history=history,
            known=self.known,
            ends_at=self._clock.now(),
            max_actions=self._max_actions,
        )
        return decide(turn, answer)

    def _refusal(self, loaded: LoadedTurn) -> str | None:
        """Return why the function cannot even be called, in the real host's words."""
        one = loaded.instance
        if not self.runs(loaded):
            return "VersionMismatch: Orchestration version did not comply with Worker Versioning"
        failed = f"Orchestrator function '{one.name}' failed: "
        if not self.known.orchestrator(one.name):
            return failed + unknown_orchestrator(one.name, self.known)
        if one.input is not None and not one.input.strip():
            return f"{failed}One or more errors occurred. (Exception while executing function: {one.name})"
        return None

    def runs(self, loaded: LoadedTurn) -> bool:
        """Say whether this host runs the version of an instance; once begun, it does."""
        return loaded.turns > 0 or loaded.instance.is_entity or self._versions.runs(loaded.instance.version)

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


def _failed_at_once(output: str, at: Ticks, history: Sequence[Event] = ()) -> TurnResult:
    event_id = 1 + max((event.id for event in history), default=NO_ID)
    return TurnResult(
        decisions=(execution_completed(at, event_id, RuntimeStatus.FAILED, output),),
        messages=(),
        ending=Ending(status=RuntimeStatus.FAILED, output=output),
        next_execution=None,
        is_suspended=False,
        custom_status=None,
    )
