"""Route templates match as ASP.NET's do."""

from __future__ import annotations

import pytest

from devhost.errors import AppError
from devhost.triggers.templates import compiled


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/start/{name}", "api/start/x", {"name": "x"}),
        ("api/start/{name}", "API/Start/X", {"name": "X"}),
        ("api/start/{name}", "api/start", None),
        ("api/start/{name}", "api/start/a/b", None),
        ("o/{name?}", "o", {}),
        ("o/{name?}", "o/x", {"name": "x"}),
        ("d/{id=5}", "d", {"id": "5"}),
        ("d/{id=5}", "d/7", {"id": "7"}),
        ("r/{*tail}", "r", {}),
        ("r/{*tail}", "r/a/b", {"tail": "a/b"}),
        ("r/{**tail}", "r/a/b", {"tail": "a/b"}),
        ("r/{*tail}", "rx", None),
        ("n/{n:int}", "n/-5", {"n": "-5"}),
        ("n/{n:int}", "n/x", None),
        ("n/{n:int}", "n/2147483648", None),
        ("n/{n:long}", "n/2147483648", {"n": "2147483648"}),
        ("n/{n:int:min(1)}", "n/0", None),
        ("n/{n:int:min(1)}", "n/1", {"n": "1"}),
        ("n/{n:max(3)}", "n/4", None),
        ("n/{n:range(2,4)}", "n/4", {"n": "4"}),
        ("n/{n:range(2,4)}", "n/5", None),
        ("n/{n:int?}", "n", {}),
        ("b/{b:bool}", "b/TRUE", {"b": "TRUE"}),
        ("b/{b:bool}", "b/1", None),
        ("f/{f:double}", "f/-1.5e3", {"f": "-1.5e3"}),
        ("f/{f:decimal}", "f/x", None),
        ("t/{t:datetime}", "t/2026-01-15", {"t": "2026-01-15"}),
        ("t/{t:datetime}", "t/soon", None),
        ("g/{g:guid}", "g/6d7e0b1e-9f0c-4ed4-8a51-b2c8d8f1c0aa", {"g": "6d7e0b1e-9f0c-4ed4-8a51-b2c8d8f1c0aa"}),
        ("g/{g:guid}", "g/x", None),
        ("w/{w:alpha}", "w/Word", {"w": "Word"}),
        ("w/{w:alpha}", "w/w0rd", None),
        ("s/{s:length(1,3)}", "s/abc", {"s": "abc"}),
        ("s/{s:length(1,3)}", "s/abcd", None),
        ("s/{s:length(2)}", "s/a", None),
        ("s/{s:minlength(2)}", "s/a", None),
        ("s/{s:maxlength(2)}", "s/ab", {"s": "ab"}),
        ("s/{s:required}", "s/a", {"s": "a"}),
        (r"x/{r:regex(^\d{{3}}$)}", "x/123", {"r": "123"}),
        (r"x/{r:regex(^\d{{3}}$)}", "x/1234", None),
        ("file/{name}.{kind}", "file/a.b.json", {"name": "a.b", "kind": "json"}),
        ("v{version:int}/x", "v2/x", {"version": "2"}),
        ("v{version:int}/x", "vv/x", None),
        ("", "", {}),
        ("{a}", "", None),
        ("a.b", "axb", None),
    ],
)
def test_a_template_matches(template: str, path: str, values: dict[str, str] | None) -> None:
    """Literals compare without case; parameters that are left out are absent; constraints decide."""
    assert compiled(template).values(path) == values


def test_the_more_special_template_comes_first() -> None:
    """A literal goes before a constrained parameter, that before a free one, and catch-alls come last."""
    templates = ["a/{*rest}", "a/{x}", "a/{x:int}", "a/b", "a/b/{*rest}", "a/b/{y}"]

    ordered = sorted(templates, key=lambda text: compiled(text).precedence)

    assert ordered == ["a/b", "a/b/{y}", "a/b/{*rest}", "a/{x:int}", "a/{x}", "a/{*rest}"]


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("a/{x:prime}", "constraint 'prime'"),
        ("a/{x:min(one)}", r"constraint min\(one\)"),
        ("a/{x:regex([)}", "constraint regex"),
        ("a/{x", "no template"),
        ("a/x}", "no template"),
    ],
)
def test_a_template_that_makes_no_sense_is_the_apps_fault(template: str, problem: str) -> None:
    """The error names the route and what is wrong with it."""
    with pytest.raises(AppError, match=problem):
        compiled(template)
