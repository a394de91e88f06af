"""The last net under numbers and codes in logs."""

import logging
from collections.abc import Iterator

import pytest

from blueprints.masked_logs import mask_logs


@pytest.fixture(autouse=True)
def _masks() -> Iterator[None]:
    """Masks for the length of a test."""
    before, maker = logging.getLogRecordFactory(), logging.Logger.makeRecord
    mask_logs()
    yield
    logging.setLogRecordFactory(before)
    logging.Logger.makeRecord = maker  # type: ignore[method-assign]  # as it was


def test_a_message_is_masked_whoever_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    """Also what a library logs, arguments included, passes the mask. Threat 7."""
    logging.getLogger("some.library").warning("POST To=%s Body=%s", "+12025550143", "your code is 2168.")

    assert caplog.messages == ["POST To=+*******0143 Body=your code is ****."]


def test_a_traceback_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    """The text of an exception passes the mask too. Threat 8."""
    try:
        int("+12025550143.5")
    except ValueError:
        logging.getLogger("some.library").exception("failed")

    assert "base 10: '+*******0143.5'" in caplog.text
    assert "2025550143" not in caplog.text


def test_fields_are_masked_whoever_adds_them(caplog: pytest.LogCaptureFixture) -> None:
    """What stands beside a message passes the mask too, however deep. Threat 7."""
    told = {"number": "+12025550143", "body": {"text": ["your code is 2168."]}, "code": "2168", "status": 400}

    logging.getLogger("some.library").warning("sent", extra=told)

    fields = vars(caplog.records[0])
    assert {name: fields[name] for name in told} == {
        "number": "+*******0143",
        "body": {"text": ["your code is ****."]},
        "code": "****",
        "status": 400,
    }
    assert fields["levelname"] == "WARNING"


def test_a_message_that_does_not_fit_its_arguments_is_left_to_the_printer() -> None:
    """Masking never makes a call to a logger fail."""
    record = logging.getLogRecordFactory()("a", logging.INFO, "a", 1, "%d", ("x",), None)

    assert record.msg == "%d"


def test_masking_twice_is_masking_once() -> None:
    """The app may be loaded more than once."""
    once = logging.getLogRecordFactory(), logging.Logger.makeRecord

    mask_logs()

    assert (logging.getLogRecordFactory(), logging.Logger.makeRecord) == once
