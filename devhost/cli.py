"""Arguments in, exit codes out: 2 for what the user can put right, 130 after Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from devhost.errors import DevhostError, HostError
from devhost.ticks import PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhost.host import Host, HostOptions

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  it has no public name

WRONG_USE = 2
HIGHEST_PORT = 65535
CLOCKS = ("real", "frozen", "auto-skip")
_TIME_TOLD = {
    "frozen": ["Time stands still until POST /devhost/clock/advance or /devhost/clock/next moves it."],
    "auto-skip": ["Time jumps to what is due next while POST /devhost/wait waits and nothing runs."],
}
_FLUSHES = ("full", "normal")
_FLUSHES_HELP = "whether a power cut may cost the last answers (normal) or nothing (full, the default)"
LONGEST_END = 3.5  # seconds from the signal to the end, whatever still runs


def main(arguments: Sequence[str]) -> int:
    """Run a command and return the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except DevhostError as error:
        print("devhost: " + " ".join(str(error).split()), file=sys.stderr)  # noqa: T201  the one line
        code = WRONG_USE
    return _end(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="devhost", description="A local Durable Functions host.")
    commands = parser.add_subparsers(required=True, metavar="command")
    start = commands.add_parser("start", help="serve an app", description="Serve the app of a folder.")
    start.add_argument("--app", type=Path, default=Path(), metavar="DIR", help="the app's folder (here)")
    start.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    start.add_argument("--port", type=_port, help="port to listen on, 0 for any (local.settings.json, or 7071)")
    start.add_argument("--auth", action="store_true", help="play the platform's sign-in, with people of devhost.json")
    start.add_argument("--enable-auth", action="store_true", help="ask for the keys that Azure asks for")
    start.add_argument("--strict", action="store_true", help="let calls of unknown functions fail instead of hang")
    start.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="lines for people, or JSON objects"
    )
    start.add_argument(
        "--clock",
        choices=CLOCKS,
        default=CLOCKS[0],
        help="how time passes: as it does, only when moved, or by jumps while POST /devhost/wait waits",
    )
    store = start.add_mutually_exclusive_group()
    store.add_argument("--db", type=Path, metavar="FILE", help="database file (.devhost/<hub>.db in the app's folder)")
    store.add_argument("--memory", action="store_true", help="keep nothing after the end")
    start.add_argument("--synchronous", choices=_FLUSHES, default="full", help=_FLUSHES_HELP)
    start.set_defaults(run=_start)
    _add_checks(commands)
    return parser


def _add_checks(commands: _Commands) -> None:
    """Add the commands that look at an app without serving it."""
    lint = commands.add_parser("lint", help="check orchestrators", description="Find what a replay does not forgive.")
    lint.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="the app's folder (here)")
    lint.set_defaults(run=_lint)
    replay = commands.add_parser("replay", help="replay recordings", description="Replay recorded histories.")
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a recorded history")
    replay.add_argument("--app", type=Path, default=Path(), metavar="DIR", help="the app's folder (here)")
    replay.set_defaults(run=_replay)


def _lint(parsed: argparse.Namespace) -> int:
    from devhost.lint import command  # noqa: PLC0415  no other command needs it

    return command.run(parsed.folder)


def _replay(parsed: argparse.Namespace) -> int:
    from devhost.replaying import command  # noqa: PLC0415  as above

    return command.run(parsed.app, [path.absolute() for path in parsed.files])


def _start(parsed: argparse.Namespace) -> int:
    try:
        return asyncio.run(_serve(_options(parsed), parsed.log_format, parsed.clock))
    except KeyboardInterrupt:  # before the loop takes signals
        return 128 + signal.SIGINT


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= HIGHEST_PORT:
        return int(text)
    message = f"{text!r} is not a port from 0 to {HIGHEST_PORT}"
    raise argparse.ArgumentTypeError(message)


def _options(parsed: argparse.Namespace) -> HostOptions:
    try:
        from devhost.clock import FrozenClock  # noqa: PLC0415  as below
        from devhost.host import HostOptions  # noqa: PLC0415  loads the SDK, which --help can do without
    except ImportError as error:
        message = f"{error}; install what the app needs into this Python: pip install -r requirements.txt"
        raise HostError(message) from error
    return HostOptions(
        folder=parsed.app,
        address=parsed.host,
        port=parsed.port,
        db=parsed.db.absolute() if parsed.db else None,
        in_memory=parsed.memory,
        plays_auth=parsed.auth,
        is_strict=parsed.strict,
        asks_for_keys=parsed.enable_auth,
        clock=FrozenClock() if parsed.clock == "frozen" else None,
        skips_time=parsed.clock == "auto-skip",
        synchronous=parsed.synchronous.upper(),
    )


async def _serve(options: HostOptions, log_format: str, clock: str) -> int:
    """Serve until a signal comes, and return the exit code that it means."""
    from devhost import logs  # noqa: PLC0415  as above
    from devhost.host import Host  # noqa: PLC0415  as above
    from devhost.memory import keep_for_good, return_large_blocks  # noqa: PLC0415  as above

    logs.set_up(log_format=log_format)
    return_large_blocks()
    stop = _Stop()
    async with Host(options) as host:
        keep_for_good()
        _greet(host, clock)
        await stop.wait()
    return stop.code


class _Stop:
    """Waits for Ctrl-C or SIGTERM; the second one ends the process at once."""

    def __init__(self) -> None:
        self.code = 0
        self._came = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._take, 128 + number)

    def _take(self, code: int) -> None:
        if self._came.is_set():
            os._exit(code)
        self.code = code
        self._came.set()
        guard = threading.Timer(LONGEST_END, os._exit, (code,))
        guard.daemon = True
        guard.start()

    async def wait(self) -> None:
        await self._came.wait()


def _greet(host: Host, clock: str) -> None:
    from devhost.listing import function_list  # noqa: PLC0415  as above

    lines = [function_list(host.enabled, host.origin, host.settings.route_prefix)]
    lines.append("For detailed output, run func with --verbose flag.")
    lines.append(f"\ndevhost listens on {host.url}; task hub {host.settings.hub}, store: {host.store}")
    if moved := host.clock.moved():
        ahead = timedelta(seconds=round(moved / PER_SECOND))
        lines.append(
            f"The clock is {ahead} ahead of real time, as this store noted; to be rid of it, delete the store."
        )
    if host.keys_file:
        lines.append(f"It asks for keys, as Azure does; they are in {host.keys_file}")
    lines += _TIME_TOLD.get(clock, ())
    lines.append(f"What it holds is shown at {host.origin}/devhost")
    print("\n".join(lines), flush=True)  # noqa: T201  what a start shows


def _end(code: int) -> int:
    """Return *code*, or end at once if a function that hangs would keep the process alive."""
    sys.stdout.flush()
    sys.stderr.flush()
    if any(thread.name.startswith("devhost") and thread.is_alive() for thread in threading.enumerate()):
        os._exit(code)
    return code
