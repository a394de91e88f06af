"""Answers to HEAD from servers that send a content with them, which the HTTP client would take for a broken answer."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

_END = b"\r\n\r\n"
_STATUS_AT = len(b"HTTP/1.1 ")


class Connector(aiohttp.TCPConnector):
    """Makes connections that drop what follows the headers of an answer to HEAD."""

    def __init__(self) -> None:
        super().__init__()
        self._factory = cast("partial[ResponseHandler]", partial(HeadersOnly, loop=self._loop))  # a subclass


class HeadersOnly(ResponseHandler):
    """One connection; while it waits for an answer without content, it takes no more than headers."""

    _is_head = False
    _is_over = False
    _received = b""

    def set_response_params(self, *, skip_payload: bool = False, **others: Any) -> None:  # noqa: ANN401  not ours
        """Prepare for an answer."""
        self._is_head, self._is_over, self._received = skip_payload, False, b""
        super().set_response_params(skip_payload=skip_payload, **others)
        if skip_payload:
            self.force_close()  # whatever follows must not be taken for the answer to another request

    def data_received(self, data: bytes) -> None:
        """Pass on what belongs to an answer; one of the status 1xx is followed by another."""
        if not self._is_head:
            super().data_received(data)
            return
        self._received += data
        while not self._is_over and _END in self._received:
            head, _, self._received = self._received.partition(_END)
            self._is_over = head[_STATUS_AT : _STATUS_AT + 1] != b"1"
            super().data_received(head + _END)
