"""What the worker and the host make of an exception that the app's code lets out."""

from __future__ import annotations

import traceback

from devhost.json_text import compact

CRASHED = "One or more errors occurred."
_HRESULT = -2146233088


def described(error: BaseException) -> str:
    """Return the class of *error*, without its module, and its text."""
    return f"{type(error).__name__}: {text_of(error)}"


def text_of(error: BaseException) -> str:
    """Return the text of *error*, whatever its own way to say it does."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  the app's exceptions may fail even at this, and still have to be told
        return f"<unprintable {type(error).__name__} object>"


def stack(error: BaseException) -> str:
    """Return where *error* was raised, as the worker writes it."""
    return "".join(traceback.format_tb(error.__traceback__)[1:])


def worker_text(error: BaseException) -> str:
    """Return what the worker tells the host."""
    return f"Result: Failure\nException: {described(error)}\nStack: {stack(error)}"


def serialized(error: BaseException) -> str:
    """Return *error* as the host hands it to orchestrators: a .NET exception as JSON text."""
    return _exception("System.Exception", f" {described(error)}", error)


def serialized_crash(error: BaseException) -> str:
    """Return *error* as a parent hears of it when it left a child's function without the SDK's state behind it."""
    return _exception("System.AggregateException", CRASHED, error)


def _exception(kind: str, message: str, error: BaseException) -> str:
    return compact(
        {
            "$type": f"{kind}, System.Private.CoreLib",
            "ClassName": kind,
            "Message": message,
            "Data": None,
            "InnerException": _inner(error),
            "HelpURL": None,
            "StackTraceString": None,
            "RemoteStackTraceString": None,
            "RemoteStackIndex": 0,
            "ExceptionMethod": None,
            "HResult": _HRESULT,
            "Source": None,
            "WatsonBuckets": None,
        }
    )


def _inner(error: BaseException) -> dict[str, object]:
    return {
        "$type": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
        "IsUserException": False,
        "RemoteStackTrace": stack(error),
        "RemoteMessage": described(error),
        "RemoteTypeName": None,
        "Message": worker_text(error),
        "Data": {"$type": "System.Collections.ListDictionaryInternal, System.Private.CoreLib"},
        "InnerException": None,
        "HelpLink": None,
        "Source": "Microsoft.Azure.WebJobs.Script",
        "HResult": _HRESULT,
        "StackTrace": "   at Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker.InvokeCore()",
    }
