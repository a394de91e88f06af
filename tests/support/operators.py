"""An operator who drives flows by HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Collection

    from tools.caller import Caller

MANAGEMENT = "/runtime/webhooks/durabletask/instances"
EVERYTHING = "showInput=true&showHistory=true&showHistoryOutput=true"
ENDED = frozenset({"Completed", "Failed", "Terminated"})
SETTLES_WITHIN_SECONDS = 25.0


class Operator:
    """Somebody with all management URLs of one host."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def start(self, flow: str, body: object) -> str:
        """Start *flow* and return the instance id."""
        answer = self._caller.post(f"/api/orchestrators/{flow}", body)
        assert answer.status == 202, answer
        return str(answer.body["id"])

    def only_instance(self, flow: str, body: object, *, but: Collection[str] = ()) -> str:
        """Return the id of the one instance that there is *but* for some; start *flow* if there is none."""
        ids = [one for one in self.instances() if one not in but]
        assert len(ids) <= 1, ids
        return ids[0] if ids else self.start(flow, body)

    def instances(self) -> list[str]:
        """Return the ids of all instances (of the first page)."""
        return [str(one["instanceId"]) for one in self._caller.get(MANAGEMENT).body]

    def status(self, instance_id: str) -> dict[str, Any]:
        """Return the status of an instance, all that it holds included."""
        answer = self._caller.get(f"{MANAGEMENT}/{instance_id}?{EVERYTHING}")
        assert answer.status in {200, 202}, answer
        status: dict[str, Any] = answer.body
        return status

    def status_in(self, instance_id: str, states: Collection[str]) -> dict[str, Any]:
        """Return the status once the flow says that it is in one of *states*, or has ended."""
        seen: list[dict[str, Any]] = []

        def is_there() -> bool:
            seen.append(self.status(instance_id))
            state = (seen[-1]["customStatus"] or {}).get("state")
            return state in states or seen[-1]["runtimeStatus"] in ENDED

        wait_until(
            is_there, within=SETTLES_WITHIN_SECONDS, what=f"{instance_id} to be {' or '.join([*states, 'ended'])}"
        )
        return seen[-1]

    def ended(self, instance_id: str) -> dict[str, Any]:
        """Return the status once the instance has ended."""
        return self.status_in(instance_id, ())

    def raise_event(self, instance_id: str, name: str, value: object) -> None:
        """Post an event; an instance that has ended meanwhile needs it no more."""
        answer = self._caller.post(f"{MANAGEMENT}/{instance_id}/raiseEvent/{name}", value)
        assert answer.status in {202, 410}, answer

    def purge(self, instance_id: str) -> None:
        """Have an ended instance forgotten."""
        answer = self._caller.delete(f"{MANAGEMENT}/{instance_id}")
        assert answer.status == 200, answer

    def advance(self, **wish: str) -> None:
        """Move the host's clock by or to where it is wished, however long the work on the way takes."""
        answer = self._caller.post("/devhost/clock/advance", wish)
        while answer.status == 200 and not answer.body["idle"]:
            answer = self._caller.post("/devhost/clock/advance", {"to": answer.body["target"]})
        assert answer.status == 200, answer
