"""What crosses a binding, through the converters that the worker uses.

The worker refuses to load a function whose annotation a converter does not know, so that is checked here too.
"""

from __future__ import annotations

import inspect
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import azure.functions as func
from azure.functions import meta

from devhost.errors import AppError
from devhost.sdk.functions import RETURN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devhost.sdk.functions import Function


@dataclass(slots=True)
class OutParameter(func.Out[Any]):
    """What a function gets for an output binding, and leaves its value in."""

    value: Any = None

    def set(self, val: Any) -> None:  # noqa: ANN401  the SDK's interface
        """Take the value to be written once the function has ended."""
        self.value = val

    def get(self) -> Any:  # noqa: ANN401  the SDK's interface
        """Return the value that was set."""
        return self.value


def decoded(kind: str, data: str | bytes, data_type: str, metadata: Mapping[str, tuple[str, str]]) -> Any:  # noqa: ANN401  as the converter says
    """Return what a function with a trigger of *kind* gets for *data*; *metadata* holds texts and their types."""
    converter = _converter(kind)
    trigger_metadata = {name: meta.Datum(text, text_type) for name, (text, text_type) in metadata.items()}
    return converter.decode(meta.Datum(data, data_type), trigger_metadata=trigger_metadata)


def encoded(kind: str, value: Any) -> tuple[str, str | bytes]:  # noqa: ANN401  whatever the function gave
    """Return type and data of *value* for an output of *kind*; raise `NotImplementedError` if it cannot be written."""
    datum = _converter(kind).encode(value, expected_type=None)
    return str(datum.type), datum.value


def check_annotations(function: Function) -> None:
    """Refuse, as the worker does, a parameter whose annotation does not go with its binding."""
    for binding in function.bindings:
        name = binding["name"]
        annotation = function.annotations.get(name)
        if annotation is None or name == RETURN:
            continue
        if not _fits(binding, annotation):
            message = (
                f"Function {function.name}: the annotation of {name} does not go with the binding {binding['type']}; "
                "the worker refuses to load it."
            )
            raise AppError(message)


def _fits(binding: Mapping[str, Any], annotation: Any) -> bool:  # noqa: ANN401  annotations are any object
    is_out = typing.get_origin(annotation) is func.Out or annotation is func.Out
    if (binding["direction"] == "OUT") is not is_out:
        return False
    converter = _converter(binding["type"])
    if is_out:
        inner = (*typing.get_args(annotation), None)[0]
        return inner is None or not _is_concrete(inner) or bool(converter.check_output_type_annotation(inner))
    return not inspect.isclass(annotation) or bool(converter.check_input_type_annotation(annotation))


def _is_concrete(annotation: Any) -> bool:  # noqa: ANN401  as above
    return not isinstance(annotation, typing.TypeVar) and annotation is not Any


def _converter(kind: str) -> Any:  # noqa: ANN401  the SDK's registry has no types
    registry: Any = meta
    return registry.get_binding_registry().get(kind)
