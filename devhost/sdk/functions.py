"""The functions of an app as a table: what the worker learns about each of them when it indexes the app.

The rules of the Python worker are checked here, so that an app which Azure would refuse to load is refused locally.
"""

from __future__ import annotations

import inspect
import json
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from devhost.errors import AnnotationError, AppError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

ORCHESTRATION_TRIGGER = "orchestrationTrigger"
ACTIVITY_TRIGGER = "activityTrigger"
ENTITY_TRIGGER = "entityTrigger"
HTTP_TRIGGER = "httpTrigger"
DURABLE_CLIENT = "durableClient"
RETURN = "$return"
CONTEXT = "context"

_NAME_KEYS = {ORCHESTRATION_TRIGGER: "orchestration", ACTIVITY_TRIGGER: "activity", ENTITY_TRIGGER: "entityName"}


class App(Protocol):
    """What is needed of an app object, such as `azure.durable_functions.DFApp`."""

    def get_functions(self) -> Sequence[Any]:
        """Return the built functions; an app can be asked only once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of the app.

    `bindings` are the binding JSON objects in decorator order, innermost first, `trigger` is one of them.
    `function` is what the worker calls: for a durable function the SDK's wrapper, not the app's own function.
    """

    name: str
    durable_name: str
    function: Callable[..., Any]
    trigger: Mapping[str, Any]
    bindings: tuple[Mapping[str, Any], ...]
    annotations: Mapping[str, Any]
    is_async: bool
    takes_context: bool

    @property
    def trigger_type(self) -> str:
        """The type of the trigger, such as ``httpTrigger``."""
        return str(self.trigger["type"])

    def bindings_of(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """Return the bindings of one type, such as ``durableClient``."""
        return tuple(binding for binding in self.bindings if binding["type"] == kind)


class FunctionTable:
    """All functions of one app, found by their durable names without regard to case."""

    def __init__(self, functions: Sequence[Function], directory: Path) -> None:
        self.directory = directory
        self._functions = tuple(functions)
        self._by_name: dict[tuple[str, str], Function] = {}
        for function in functions:
            self._add(function)

    @classmethod
    def of(cls, app: App, directory: Path = Path()) -> FunctionTable:
        """Return the table of *app*, whose files are in *directory*.

        Raises `AppError` for what the worker would not load, and `AnnotationError` for annotations that do not resolve.
        """
        try:
            built = app.get_functions()
        except ValueError as error:
            raise AppError(str(error)) from error
        return cls([_function(one) for one in built], directory)

    def __iter__(self) -> Iterator[Function]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def without(self, names: Collection[str]) -> FunctionTable:
        """Return the table of all functions but those of *names*."""
        return FunctionTable([one for one in self._functions if one.name not in names], self.directory)

    def find(self, trigger_type: str, name: str) -> Function | None:
        """Return the function with that kind of trigger and that durable name."""
        return self._by_name.get((trigger_type, name.lower()))

    def names(self, trigger_type: str) -> tuple[str, ...]:
        """Return the durable names of all functions with that kind of trigger, in the app's order."""
        return tuple(one.durable_name for one in self._functions if one.trigger_type == trigger_type)

    def _add(self, function: Function) -> None:
        key = (function.trigger_type, function.durable_name.lower())
        if key in self._by_name and function.trigger_type in _NAME_KEYS:
            other = self._by_name[key].name
            message = (
                f"Functions {other} and {function.name} have the same durable name {function.durable_name!r} "
                "(compared without case); give one of them another."
            )
            raise AppError(message)
        self._by_name[key] = function


def _function(built: Any) -> Function:  # noqa: ANN401  the SDK's class differs between its versions
    name = built.get_function_name()
    bindings = tuple(json.loads(text) for text in built.get_raw_bindings())
    trigger = _trigger(built, bindings)
    code = built.get_user_function()
    annotations = _annotations(name, code)
    parameters = set(inspect.signature(code).parameters)
    bound = {binding["name"] for binding in bindings}
    _check_parameters(name, trigger, parameters, bound)
    _check_types(name, {key: hint for key, hint in annotations.items() if key in parameters & bound})
    _check_clients(name, code, bindings)
    return Function(
        name=name,
        durable_name=trigger.get(_NAME_KEYS.get(trigger["type"], "")) or name,
        function=code,
        trigger=trigger,
        bindings=bindings,
        annotations=annotations,
        is_async=inspect.iscoroutinefunction(code),
        takes_context=CONTEXT in parameters - bound,
    )


def _trigger(built: Any, bindings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: ANN401  as above
    trigger = built.get_trigger()
    place = next(index for index, binding in enumerate(built.get_bindings()) if binding is trigger)
    return bindings[place]


def _annotations(name: str, code: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(code)
    except (NameError, AttributeError, TypeError, SyntaxError, ImportError) as error:
        message = (
            f"The annotations of function {name} do not resolve at run time ({error}). "
            "Import what they name outside of TYPE_CHECKING blocks, as the worker evaluates them when it loads the app."
        )
        raise AnnotationError(message) from error


def _check_parameters(name: str, trigger: Mapping[str, Any], parameters: set[str], bound: set[str]) -> None:
    if trigger["type"] in {ORCHESTRATION_TRIGGER, ENTITY_TRIGGER} and trigger["name"] != CONTEXT:
        message = f"Function {name} has context_name={trigger['name']!r}; the durable SDK works with 'context' only."
        raise AppError(message)
    unbound = parameters - bound - {CONTEXT}
    if unbound:
        message = f"Function {name} has parameters without a binding of that name: {_listed(unbound)}."
        raise AppError(message)
    missing = bound - parameters - {RETURN}
    if missing:
        message = f"Function {name} has bindings without a parameter of that name: {_listed(missing)}."
        raise AppError(message)


def _check_types(name: str, hints: Mapping[str, Any]) -> None:
    """Refuse, on a bound parameter, an annotation that is neither a class nor typing's alias, as the worker does."""
    for parameter, hint in hints.items():
        is_class = isinstance(hint, type) and not isinstance(hint, types.GenericAlias)
        is_alias = not isinstance(hint, types.GenericAlias) and isinstance(typing.get_origin(hint), type)
        if not is_class and not (is_alias and not isinstance(hint, types.UnionType)):
            message = (
                f"Function {name} annotates its parameter {parameter} with {hint!r}, which the worker refuses as a "
                "non-type annotation; use a class, or typing's spelling such as typing.Dict[str, typing.Any]."
            )
            raise AppError(message)


def _check_clients(name: str, code: Callable[..., Any], bindings: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a plain ``def`` with a durable client: the SDK's wrapper awaits whatever it returns."""
    if not any(binding["type"] == DURABLE_CLIENT for binding in bindings):
        return
    own = getattr(code, "client_function", code)
    if not inspect.iscoroutinefunction(own):
        message = f"Function {name} has a durable client and must be an `async def`."
        raise AppError(message)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
