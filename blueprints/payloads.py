"""The type of what an activity is given, spelled so that the platform's worker takes it."""

import typing

Payload = typing.Dict[str, typing.Any]  # noqa: UP006  the worker refuses dict[str, Any]: "invalid non-type annotation"
"""A JSON object. Activities of every door annotate their input with it."""
