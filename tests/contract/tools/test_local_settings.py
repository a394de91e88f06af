"""What `make start` promises about the settings file of a checkout."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tools.local_settings import EXAMPLE, FILE, LocalSettingsError, make_local_settings, port_of, values_of


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with an example whose key is empty."""
    _write(tmp_path / EXAMPLE, {"IsEncrypted": False, "Values": {"VerificationKey": "", "SmsBrand": "Countersign"}})
    return tmp_path


def test_a_missing_file_is_made_from_the_example(checkout: Path) -> None:
    """All values of the example are taken over, and the key has 32 bytes."""
    made = make_local_settings(checkout)

    values = values_of(checkout)
    assert made
    assert values["SmsBrand"] == "Countersign"
    assert len(base64.b64decode(values["VerificationKey"], validate=True)) == 32


@pytest.mark.parametrize(
    ("host", "port"), [({"LocalHttpPort": 7090}, 7090), ({}, 7071), ("x", 7071), ({"LocalHttpPort": "7090"}, 7071)]
)
def test_the_port_is_that_of_the_file_or_the_usual_one(checkout: Path, host: object, port: int) -> None:
    """Where the pages are is said for the port on which devhost will listen."""
    _write(checkout / FILE, {"Values": {}, "Host": host})

    assert port_of(checkout) == port


def test_two_checkouts_have_different_keys(checkout: Path) -> None:
    """A key is fresh each time it is made."""
    make_local_settings(checkout)
    first = values_of(checkout)["VerificationKey"]
    (checkout / FILE).unlink()

    make_local_settings(checkout)

    assert values_of(checkout)["VerificationKey"] != first


def test_a_key_is_never_replaced(checkout: Path) -> None:
    """A file that has a key stays as it is, byte for byte."""
    text = '{"Values": {"VerificationKey": "mine", "Extra":   "kept"}}'
    (checkout / FILE).write_text(text, encoding="utf-8")

    made = make_local_settings(checkout)

    assert not made
    assert (checkout / FILE).read_text(encoding="utf-8") == text


def test_a_file_without_a_key_gets_one_and_keeps_the_rest(checkout: Path) -> None:
    """Only the key is filled in."""
    _write(checkout / FILE, {"Values": {"SmsBrand": "Mine"}, "Host": {"LocalHttpPort": 7072}})

    make_local_settings(checkout)

    assert values_of(checkout)["SmsBrand"] == "Mine"
    assert values_of(checkout)["VerificationKey"]
    assert json.loads((checkout / FILE).read_text(encoding="utf-8"))["Host"] == {"LocalHttpPort": 7072}


def test_only_the_owner_may_read_the_file(checkout: Path) -> None:
    """The file holds a secret, so its mode is 600."""
    make_local_settings(checkout)

    assert (checkout / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["{", "[]", '{"Values": []}', "\xff"])
def test_a_broken_file_is_named_and_left_alone(checkout: Path, text: str) -> None:
    """The error says which file it is, and the file is not overwritten."""
    (checkout / FILE).write_text(text, encoding="latin-1")

    with pytest.raises(LocalSettingsError, match=FILE):
        make_local_settings(checkout)

    assert (checkout / FILE).read_text(encoding="latin-1") == text


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
