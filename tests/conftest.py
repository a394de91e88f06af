"""Fixtures that more than one level of tests uses."""

from devhost.testing.plugin import devhost, pytest_addoption
from tests.support.azurite import azurite, own_azurite
from tests.support.telling import tell

__all__ = ["azurite", "devhost", "own_azurite", "pytest_addoption", "tell"]
