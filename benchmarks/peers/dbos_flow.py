"""The verification as a DBOS workflow over SQLite: its effects are steps, and it waits for a message."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from typing import TYPE_CHECKING

from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos._error import DBOSNonExistentWorkflowError
from server import Shown, digest, send, serve, shown

if TYPE_CHECKING:
    from pathlib import Path

WAIT_SECONDS = 3600.0


@DBOS.step()
async def send_challenge(instance_id: str, nonce: str) -> str:
    """Send the SMS."""
    return send(instance_id, nonce)


@DBOS.step()
async def digest_answer(instance_id: str, nonce: str, code: int) -> str:
    """Digest the answer."""
    return digest(instance_id, nonce, code)


@DBOS.workflow()
async def verify(instance_id: str, nonce: str) -> bool:
    """Return whether the right code came in time."""
    sent = await send_challenge(instance_id, nonce)
    shown.setdefault(instance_id, Shown()).waits = True
    code = await DBOS.recv_async("answer", timeout_seconds=WAIT_SECONDS)
    is_right = code is not None and await digest_answer(instance_id, nonce, code) == sent
    shown[instance_id] = Shown(output=is_right)
    return is_right


class Workflows:
    """Runs verifications as workflows of one executor."""

    async def open(self, db: Path) -> None:
        """Open the store and take up the workflows that it holds."""
        with sqlite3.connect(db) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # kept in the file; faster than what DBOS would leave it at
        config: DBOSConfig = {
            "name": "verifications",
            "system_database_url": f"sqlite:///{db}",
            "run_admin_server": False,
            "notification_listener_polling_interval_sec": 0.01,
            "log_level": "WARNING",
            "application_version": "1",
        }
        DBOS(config=config)
        DBOS.launch()
        logging.getLogger("dbos").setLevel(logging.WARNING)

    async def close(self) -> None:
        """Close the store."""
        DBOS.destroy()

    async def start(self, instance_id: str) -> None:
        """Start a workflow, which is then in the store."""
        with SetWorkflowID(instance_id):
            await DBOS.start_workflow_async(verify, instance_id, secrets.token_hex(16))

    async def answer(self, instance_id: str, code: int) -> bool:
        """Send the answer to its workflow."""
        try:
            await DBOS.send_async(instance_id, code, "answer")
        except DBOSNonExistentWorkflowError:
            return False
        shown.setdefault(instance_id, Shown())  # after a restart
        return True


if __name__ == "__main__":
    serve(Workflows())
