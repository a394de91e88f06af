"""What the documents name exists, and what exists is named."""

import re
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

import domain.events
from blueprints.problems import PROBLEMS, UNEXPECTED
from devhost.engine.history import RuntimeStatus
from domain.cases import CaseState
from domain.progress import Reason, State
from tests.support.documents import blocks_of, markdown_files, prose_of
from tests.support.front_door import functions
from tools.azurite import ROOT
from tools.local_settings import EXAMPLE, values_of
from tools.stories import STORIES

README = ROOT / "README.md"
HTTP_API = ROOT / "docs" / "http-api.md"
OUTSIDE = {"needs-func", "needs-azure"}
NAMES_OF_THE_PLATFORM = {"If-Match", "Retry-After", "Content-Type", "Origin", "Sec-Fetch-Site", "Idempotency-Key"}


def test_every_route_has_a_heading_and_every_heading_a_route() -> None:
    """docs/http-api.md has one heading for each method and route of the app, and none more."""
    served = {
        f"{method} /{trigger['route'].lstrip('/')}"
        for function in functions().values()
        for trigger in (binding.get_dict_repr() for binding in function.get_bindings())
        if trigger["type"] == "httpTrigger"
        for method in trigger["methods"]
    }

    chapter = HTTP_API.read_text(encoding="utf-8").partition("## Routes of the app")[2].partition("\n## ")[0]

    assert set(re.findall(r"^### `([A-Z]+ /\S+)`$", chapter, re.MULTILINE)) == served


def test_every_problem_code_is_documented() -> None:
    """The table of problems has exactly the codes and statuses that the app answers."""
    answered = {(problem.status, problem.code) for problem in (*PROBLEMS.values(), UNEXPECTED)}

    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", HTTP_API.read_text(encoding="utf-8"), re.MULTILINE)

    assert {(int(status), code) for status, code in rows} == answered


@pytest.mark.parametrize("words", [State, Reason, CaseState], ids=lambda words: words.__name__)
def test_what_a_status_may_say_is_documented(words: type[StrEnum]) -> None:
    """Every state and every reason that a custom status may hold stands in its table."""
    chapter = HTTP_API.read_text(encoding="utf-8").partition("### What the status of a flow says")[2]

    assert [word.value for word in words if f"`{word.value}`" not in chapter] == []


@pytest.mark.parametrize("path", [README, HTTP_API, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name)
def test_words_in_pascal_case_exist(path: Path) -> None:
    """A PascalCase word in backticks is a setting, a function, an event or a runtime status."""
    events = {value for name, value in vars(domain.events).items() if name.isupper() and isinstance(value, str)}
    statuses = {status.label for status in RuntimeStatus}
    known = set(values_of(ROOT, EXAMPLE)) | events | functions().keys() | statuses | NAMES_OF_THE_PLATFORM

    words = re.findall(r"`([A-Z][a-z]+[A-Z]?[A-Za-z-]*)(?:=[^`\s]*)?`", prose_of(path))

    assert set(words) <= known


def test_commands_of_make_exist_and_are_explained() -> None:
    """Each target of the Makefile stands in CONTRIBUTING.md, and every `make x` in a document is a target."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())

    named = {word for path in markdown_files() for word in re.findall(r"(?:`|^)make ([a-z]+)", _text(path), re.M)}
    explained = set(re.findall(r"^\| `make ([a-z]+)` \|", _text(ROOT / "CONTRIBUTING.md"), re.MULTILINE))

    assert phony == targets
    assert named <= targets
    assert explained == targets


def test_shell_blocks_are_run_or_say_what_they_need() -> None:
    """A shell block of the README is run by a test, unless its fence says that it needs func or Azure."""
    blocks = blocks_of(README)

    marks = {block.needs for block in blocks}
    outside = [line for block in blocks if block.needs is None for line in block.lines if "func " in line]

    assert marks == {None} | OUTSIDE
    assert outside == []


def test_ci_runs_what_the_readme_shows() -> None:
    """`.ci/run` plays the demo and runs the checks, and the checks run the tests."""
    lines = [line.partition(" 2>&1")[0] for line in _text(ROOT / ".ci" / "run").splitlines()]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert {"make setup", "make demo", "make check"} <= set(lines)
    assert re.search(r"^check: lint test ", makefile, re.MULTILINE)


def test_the_demo_of_the_readme_is_the_one_that_is_played() -> None:
    """The stories whose titles the README shows are stories of the demo."""
    shown = [line for block in blocks_of(README, "text") for line in block.lines if line.startswith("== ")]

    titles = [line.removeprefix("== ") for line in shown if line != "== as it must"]

    assert titles
    assert set(titles) <= set(STORIES)


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """A relative link names a file of the repository, or a heading of the same document."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose_of(path))
    headings = {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", prose_of(path), re.MULTILINE)}

    lost = [
        target
        for target in targets
        if not target.startswith(("http://", "https://"))
        and not (
            target[1:] in headings if target.startswith("#") else _is_inside(path.parent / target.partition("#")[0])
        )
    ]

    assert lost == []


def test_requirements_of_the_app_are_bounded() -> None:
    """Every package that is deployed has a lower bound and stops before a major version."""
    lines = _requirements("requirements.txt")

    assert [line for line in lines if not re.match(r"[\w-]+>=[\d.]+,<\d+(; python_version .*)?$", line)] == []


def test_tools_are_pinned() -> None:
    """Tools are pinned exactly; what the app or the host uses itself may be bounded."""
    lines = [line for line in _requirements("requirements-dev.txt") if not line.startswith("-r ")]

    assert [line for line in lines if not re.match(r"[\w-]+(==[\d.]+|>=[\d.]+,<\d+)$", line)] == []


def test_one_python_is_named_everywhere() -> None:
    """The linter, the type checker and the documents speak of Python 3.11."""
    configured = tomllib.loads(_text(ROOT / "pyproject.toml"))["tool"]

    assert configured["ruff"]["target-version"] == "py311"
    assert configured["mypy"]["python_version"] == "3.11"
    assert "Python 3.11" in _text(README)


def _requirements(name: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in _text(ROOT / name).splitlines())
    return [line for line in lines if line]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _is_inside(path: Path) -> bool:
    """Say whether *path* exists in the repository; a link that leads out of it leads nowhere for a reader."""
    return path.exists() and path.resolve().is_relative_to(ROOT)


def _anchor(heading: str) -> str:
    """Return the name under which a heading is linked."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
