"""How a durable HTTP request fails: the activity's end in the words of the real host's client."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from devhost.engine.worker import ActivityEnd
from devhost.json_text import compact

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_HEADERS = frozenset(
    {
        "allow",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "expires",
        "last-modified",
    }
)
"""Headers that belong to a content and not to the request or answer around it, in lower case."""

_KIND = "System.InvalidOperationException"
_FRAME = "   at Microsoft.Azure.WebJobs.Extensions.DurableTask.TaskHttpActivityShim.RunAsync()"
_HRESULT = -2147467259
_NO_NAME, _NO_CONNECTION, _OTHER = 1, 2, 0  # .NET's HttpRequestError
_UNKNOWN_NAME = "Name or service not known"
_NAME_ERRORS = {socket.EAI_AGAIN: "Resource temporarily unavailable"}
_NAME_ERROR_NUMBER = -131073


class BadRequestError(Exception):
    """A request that cannot be sent at all; the message is the client's."""


def not_sent(message: str) -> ActivityEnd:
    """Return the end of a request that could not even be written."""
    failure: Mapping[str, object] = {
        "ErrorType": _KIND,
        "ErrorMessage": message,
        "StackTrace": _FRAME,
        "InnerFailure": None,
        "IsNonRetriable": False,
        "Properties": None,
    }
    details = f"Unhandled exception while executing task: {_KIND}: {message}\n{_FRAME}"
    return ActivityEnd(reason=message, details=details, failure=failure)


def unreachable(error: Exception, uri: str, timeout: float) -> ActivityEnd:
    """Return the end of a request that got no answer."""
    if isinstance(error, TimeoutError):
        text = f"The request was canceled due to the configured HttpClient.Timeout of {timeout:g} seconds elapsing."
        return ActivityEnd(reason=text, details=_request_exception(text, _OTHER, None))
    cause, kind, number = _cause(error)
    if cause is None:
        text = "An error occurred while sending the request."
        return ActivityEnd(reason=text, details=_request_exception(text, _OTHER, None))
    text = f"{cause} ({_authority(uri)})"
    return ActivityEnd(reason=text, details=_request_exception(text, kind, _socket_exception(cause, number)))


def _cause(error: Exception) -> tuple[str | None, int, int]:
    """Return what the operating system says, .NET's kind of it, and its number."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _NAME_ERRORS.get(error.os_error.errno or 0, _UNKNOWN_NAME), _NO_NAME, _NAME_ERROR_NUMBER
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, OSError) and inner.errno:
        return os.strerror(inner.errno), _NO_CONNECTION, inner.errno
    return None, _OTHER, 0


def _authority(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme.lower() == 'https' else 80)}"


def _request_exception(message: str, kind: int, inner: Mapping[str, object] | None) -> str:
    return compact(
        {
            "$type": "System.Net.Http.HttpRequestException, System.Net.Http",
            "HttpRequestError": kind,
            "StatusCode": None,
            "Message": message,
            "Data": {"$type": "System.Collections.ListDictionaryInternal, System.Private.CoreLib"},
            "InnerException": inner,
            "HelpLink": None,
            "Source": "System.Net.Http",
            "HResult": _HRESULT,
            "StackTrace": _FRAME,
        }
    )


def _socket_exception(message: str, number: int) -> Mapping[str, object]:
    return {
        "$type": "System.Net.Sockets.SocketException, System.Net.Primitives",
        "ClassName": "System.Net.Sockets.SocketException",
        "Message": message,
        "Data": None,
        "InnerException": None,
        "HelpURL": None,
        "StackTraceString": _FRAME,
        "RemoteStackTraceString": None,
        "RemoteStackIndex": 0,
        "ExceptionMethod": None,
        "HResult": _HRESULT,
        "Source": "System.Net.Sockets",
        "WatsonBuckets": None,
        "NativeErrorCode": number,
    }
