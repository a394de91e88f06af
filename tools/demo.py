"""`make demo`: every flow from start to end, against a devhost and an Azurite of its own."""

from __future__ import annotations

import sys
import traceback
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient

from tools.azurite import running_azurite
from tools.caller import Caller
from tools.processes import ProcessError, exit_when_told
from tools.running_devhost import running_devhost
from tools.stories import STORIES, StoryError, World

SETTINGS: Final = {"SmsProvider": "console", "AcceptOperatorDecisions": "true"}
LEDGER: Final = "CountersignRefunds"


def main() -> int:
    """Play all stories and return 0 only if each ended as it must."""
    exit_when_told()
    began = monotonic()
    try:
        failed = _play_on_hosts_of_our_own()
    except ProcessError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    _say(f"\n{len(STORIES) - failed} of {len(STORIES)} stories ended as they must, in {monotonic() - began:.0f} s.")
    return 1 if failed else 0


def receipts_of(storage: str, case_id: str) -> list[str]:
    """Look up in the ledger's table what was paid for a case; a ledger that nobody wrote to is empty."""
    with TableClient.from_connection_string(storage, LEDGER) as table:
        try:
            bookings = list(table.query_entities("RowKey eq @key", parameters={"key": f"refund:{case_id}"}))
        except ResourceNotFoundError:
            return []
    return [str(booking["receipt"]) for booking in bookings]


def _play_on_hosts_of_our_own() -> int:
    with TemporaryDirectory(prefix="countersign-demo-") as folder, running_azurite() as azurite:
        storage = azurite.connection_string
        settings = {**SETTINGS, "AzureWebJobsStorage": storage}
        with running_devhost(Path(folder), settings, options=["--auth"]) as devhost:
            _say(f"devhost runs the app on port {devhost.port}. '>' is asked, '<' is answered, '...' cut short.")
            caller = Caller(devhost.port, say=_say)
            failed = _play(World(caller=caller, receipts_of=partial(receipts_of, storage), say=_say))
        if failed:
            _say(f"\ndevhost said:\n{devhost.log.read_text(encoding='utf-8', errors='replace')}")
    return failed


def _play(world: World) -> int:
    """Play one story after the other and return how many ended otherwise."""
    failed = 0
    for title, story in STORIES.items():
        _say(f"\n== {title}")
        try:
            story(world)
        except (StoryError, ProcessError, OSError, KeyError, TypeError) as error:
            failed += 1
            traceback.print_exception(error, limit=-1)
            _say(f"== not as it must: {error}")
        else:
            _say("== as it must")
    return failed


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
