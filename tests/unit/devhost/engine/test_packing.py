"""How texts are stored."""

from __future__ import annotations

import json

import pytest

from devhost.engine.packing import LEAST, MOST, WORDS, Packer, pack_id, unpack_id, words_of

SAMPLE = {
    "sealedNumber": "abc",
    "timeoutSeconds": 3600,
    "maxAttempts": 1,
    "malformedMost": 5,
    "sendTries": 3,
    "tellsEnd": False,
}
LIKE_IT = {**SAMPLE, "sealedNumber": "xyz", "timeoutSeconds": 120, "maxAttempts": 3}


@pytest.mark.parametrize(
    "text",
    ["", "null", "x" * LEAST, "\u00fc\U0001f44b" * LEAST, "\0" * LEAST, '"a":1,' * (MOST // 6), "x" * (MOST + 1)],
    ids=["empty", "short", "a run", "no ASCII", "zeros", "long", "too long"],
)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    """Whatever it holds, and however long it is."""
    packer = Packer()

    stored = packer.pack(text)

    assert stored is not None
    assert packer.unpack(stored) == text


def test_nothing_stays_nothing() -> None:
    """What is not there is not packed."""
    assert Packer().pack(None) is None
    assert Packer().unpack_optional(None) is None


def test_what_gains_nothing_stays_a_text() -> None:
    """Short texts, long ones, and those in which nothing comes again."""
    packer = Packer()

    for text in ("a" * (LEAST - 1), "a" * (MOST + 1), "".join(map(chr, range(0x4E00, 0x4E00 + LEAST)))):
        assert packer.pack(text) == text


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(json.dumps(LIKE_IT)),
        json.dumps(LIKE_IT, separators=(",", ":")),
        f"[[5,1,-1,0,{json.dumps(json.dumps(LIKE_IT, separators=(',', ':')))}]]",
    ],
    ids=["an input", "a custom status", "a result in a history"],
)
def test_what_is_like_a_sample_becomes_small(written: str) -> None:
    """In each form in which the SDK and the host write it, a text takes a third of its room."""
    packer = Packer(words_of([SAMPLE]))

    stored = packer.pack(written)

    assert isinstance(stored, bytes)
    assert len(stored) < len(written) / 3
    assert packer.unpack(stored) == written


def test_there_may_be_more_samples_than_have_a_use() -> None:
    """The words of a store have a limit, and those that every store has are among them."""
    words = words_of([{f"name{number}\u00fc": number} for number in range(2000)])

    assert len(words.encode()) < 4096
    assert words.endswith(WORDS)
    assert Packer(words).unpack(Packer(words).pack("\u00fc" * LEAST) or "") == "\u00fc" * LEAST


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("3d43ca79-081e-48c7-ab54-8534d4f1c720", 16),
        ("3D43CA79-081e-48c7-ab54-8534d4f1c720", 36),
        ("3d43ca79081e48c7ab548534d4f1c720", 32),
        ("", 0),
    ],
)
def test_the_id_of_an_execution_comes_back_as_it_was(text: str, size: int) -> None:
    """A GUID as the client writes it takes 16 bytes; any other text stays one."""
    assert unpack_id(pack_id(text)) == text
    assert len(pack_id(text)) == size
