"""Passes every log record of this process through a mask: the last net under numbers and codes in logs."""

import logging
from typing import Any

from domain.masking import masked

_FORMATTER = logging.Formatter()


def mask_logs() -> None:
    """Mask what is logged from now on, messages and tracebacks; a second call changes nothing.

    A filter would see only the records of its own logger or handler, and the platform adds handlers as it likes.
    """
    made = logging.getLogRecordFactory()
    if not isinstance(made, _Masking):
        logging.setLogRecordFactory(_Masking(made))


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
