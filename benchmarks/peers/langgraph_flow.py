"""The verification as a LangGraph graph over the SQLite checkpointer: it interrupts itself until the answer comes."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, TypedDict

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from server import Shown, digest, send, serve, shown

if TYPE_CHECKING:
    from pathlib import Path


class Verification(TypedDict, total=False):
    """What the graph keeps of a verification."""

    id: str
    nonce: str
    digest: str
    answer: int
    verified: bool


async def send_challenge(state: Verification) -> Verification:
    """Send the SMS."""
    return {"digest": send(state["id"], state["nonce"])}


async def wait(state: Verification) -> Verification:
    """Wait for the answer."""
    return {"answer": interrupt(state["id"])}


async def judge(state: Verification) -> Verification:
    """Compare the answer with what was sent."""
    return {"verified": digest(state["id"], state["nonce"], state["answer"]) == state["digest"]}


class Graph:
    """Runs verifications as threads of one graph."""

    async def open(self, db: Path) -> None:
        """Open the store, flushed at each commit."""
        self._connection = await aiosqlite.connect(db)
        await self._connection.execute("PRAGMA synchronous = FULL")
        saver = AsyncSqliteSaver(self._connection)
        await saver.setup()
        builder = StateGraph(Verification)
        builder.add_node("send", send_challenge)
        builder.add_node("wait", wait)
        builder.add_node("judge", judge)
        builder.add_edge(START, "send")
        builder.add_edge("send", "wait")
        builder.add_edge("wait", "judge")
        builder.add_edge("judge", END)
        self._graph: Any = builder.compile(checkpointer=saver)

    async def close(self) -> None:
        """Close the store."""
        await self._connection.close()

    async def start(self, instance_id: str) -> None:
        """Run the graph until it interrupts itself."""
        first = {"id": instance_id, "nonce": secrets.token_hex(16)}
        await self._graph.ainvoke(first, _thread(instance_id), durability=DURABILITY)
        shown[instance_id].waits = True

    async def answer(self, instance_id: str, code: int) -> bool:
        """Resume the graph and run it to its end."""
        if instance_id not in shown:  # after a restart
            if not (await self._graph.aget_state(_thread(instance_id))).next:
                return False
            shown[instance_id] = Shown(waits=True)
        end = await self._graph.ainvoke(Command(resume=code), _thread(instance_id), durability=DURABILITY)
        shown[instance_id] = Shown(output=end["verified"])
        return True


DURABILITY = "async"  # its default: a step is stored while the next one runs; "sync", as the others do it, is slower


def _thread(instance_id: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": instance_id}}


if __name__ == "__main__":
    serve(Graph())
