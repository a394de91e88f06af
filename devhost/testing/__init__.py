"""Tests of Durable Functions apps: a host in the test's own process, on time that the test moves."""

from devhost.testing.dev_host import DevHost
from devhost.testing.errors import DiedError, ReachError

__all__ = ["DevHost", "DiedError", "ReachError"]
