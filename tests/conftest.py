"""Fixtures that more than one level of tests uses."""

from devhost.testing.plugin import devhost, pytest_addoption
from tests.support.azurite import azurite
from tests.support.telling import tell

__all__ = ["azurite", "devhost", "pytest_addoption", "tell"]
