"""Passes every log record of this process through a mask: the last net under numbers and codes in logs."""

import logging
from collections.abc import Callable
from typing import Any

from domain.masking import masked, masked_field

_FORMATTER = logging.Formatter()
_NO_FIELDS = frozenset(vars(logging.makeLogRecord({})))  # what every record has


def mask_logs() -> None:
    """Mask what is logged from now on: messages, tracebacks and fields; a second call changes nothing.

    A filter would see only the records of its own logger or handler, and the platform adds handlers as it likes.
    Fields are added to a record after it was made, hence the second place.
    """
    made = logging.getLogRecordFactory()
    if not isinstance(made, _Masking):
        logging.setLogRecordFactory(_Masking(made))
    maker = logging.Logger.makeRecord
    if maker.__module__ != __name__:
        logging.Logger.makeRecord = _with_masked_fields(maker)  # type: ignore[method-assign]  # the way to all loggers


def _with_masked_fields(maker: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """Return what makes records as *maker* does, of fields that are masked."""

    def making(self: logging.Logger, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401  as the library calls it
        record = maker(self, *args, **kwargs)
        held = vars(record)
        for name in held.keys() - _NO_FIELDS:
            held[name] = masked_field(name, held[name])
        return record

    return making


class _Masking:
    """Makes records as another factory does, and masks them."""

    def __init__(self, made: Any) -> None:  # noqa: ANN401  whatever makes records
        self._made = made

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401  as the library calls it
        record: logging.LogRecord = self._made(*args, **kwargs)
        try:
            record.msg, record.args = masked(record.getMessage()), None
        except (TypeError, ValueError):
            return record  # the message and its arguments do not fit; whoever prints it will say so
        if record.exc_info:
            record.exc_text = masked(_FORMATTER.formatException(record.exc_info))
        return record
