"""Fixtures that more than one level of tests uses."""

from tests.support.azurite import azurite

__all__ = ["azurite"]
