"""Reads the body of a request as a pydantic model, and writes one as an answer."""

from typing import TypeVar

import azure.functions as func
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from blueprints.requests import body_of
from domain.errors import PayloadError


class RequestBody(BaseModel):
    """A body that comes in: no other fields than these, and no value taken for another type's."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)


class AnswerBody(BaseModel):
    """A body that goes out. A member that is None by default is left out, one that is None on purpose is null."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True)


Model = TypeVar("Model", bound=RequestBody)


def read_as(model: type[Model], req: func.HttpRequest) -> Model:
    """Return the body of a request as *model*; `PayloadError` names the fields that are wrong, never their values."""
    try:
        return model.model_validate(body_of(req))
    except ValidationError as error:
        message = "; ".join(_told(found["loc"], found["type"]) for found in error.errors(include_input=False)[:3])
        raise PayloadError(message) from None


def json_answer(body: AnswerBody, status: int = 200, *, retry_after: int | None = None) -> func.HttpResponse:
    """Return *body* as an answer."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    headers |= {"Retry-After": str(retry_after)} if retry_after else {}
    text = body.model_dump_json(by_alias=True, exclude=_left_out(body))
    return func.HttpResponse(text, status_code=status, mimetype="application/json", headers=headers)


def _left_out(body: AnswerBody) -> set[str]:
    """Return the members of *body* that nobody has anything to say about."""
    fields = type(body).model_fields
    return {name for name, field in fields.items() if not field.is_required() and getattr(body, name) is None}


def _told(place: tuple[int | str, ...], kind: str) -> str:
    """Say what is wrong where; the name of an unknown field is the caller's text, so it is not repeated."""
    if kind == "extra_forbidden":
        return "there is a field that is not known"
    where = ".".join(str(step) for step in place) or "the body"
    return f"{where} is missing" if kind == "missing" else f"{where} has not the expected form"
