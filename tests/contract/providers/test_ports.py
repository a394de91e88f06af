"""Providers have the methods of their ports, with the same parameters."""

import inspect
from typing import Any

import pytest

from domain import limit_ports, ports
from providers.codes import DerivedCodes, DerivedPseudonyms, DerivedTokens, FernetVault
from providers.console_sms import ConsoleSms
from providers.phone_numbers import AllowedNumbers
from providers.records_memory import MemoryRecords
from providers.records_tables import TableRecords
from providers.system_clock import SystemClock
from providers.twilio_sms import TwilioSms
from tests.support.fakes import FakeClock, FakeSms

FULFILLED: list[tuple[Any, type]] = [
    (ports.Clock, SystemClock),
    (ports.Clock, FakeClock),
    (limit_ports.Claims, MemoryRecords),
    (limit_ports.Claims, TableRecords),
    (limit_ports.Pseudonyms, DerivedPseudonyms),
    (limit_ports.Tokens, DerivedTokens),
    (ports.CodeSource, DerivedCodes),
    (ports.NumberReader, AllowedNumbers),
    (ports.NumberVault, FernetVault),
    (ports.SmsSender, ConsoleSms),
    (ports.SmsSender, TwilioSms),
    (ports.SmsSender, FakeSms),
]


@pytest.mark.parametrize(("port", "provider"), FULFILLED)
def test_a_provider_fulfils_its_port(port: Any, provider: type) -> None:
    """Whoever holds a port may call any provider of it alike."""
    methods = {name: method for name, method in vars(port).items() if inspect.isfunction(method) and name[0] != "_"}

    assert methods
    for name, method in methods.items():
        fulfilled = getattr(provider, name)
        assert inspect.signature(fulfilled).parameters.keys() == inspect.signature(method).parameters.keys()
        assert inspect.iscoroutinefunction(fulfilled) == inspect.iscoroutinefunction(method)


def test_the_clock_tells_an_aware_instant_in_utc() -> None:
    """Instants of the app are aware, so that none is ever taken for another zone's."""
    offset = SystemClock().now().utcoffset()

    assert offset is not None
    assert not offset
