"""Fixtures that more than one level of tests uses."""

from tests.support.azurite import azurite
from tests.support.telling import tell

__all__ = ["azurite", "tell"]
