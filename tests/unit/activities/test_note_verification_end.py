"""Letting the limits know that a verification has ended."""

from dataclasses import replace

from activities.note_verification_end import note_verification_end
from domain.challenge import Channel
from domain.verification_end import VerificationEnd
from providers.codes import FernetVault
from providers.records_memory import MemoryRecords
from tests.support.builders import A_NUMBER, KEY
from tests.support.limits import AwayRecords, some_gates

VAULT = FernetVault([KEY])
END = VerificationEnd(
    verification_id="ver_1", channel=Channel.USER, sealed_number=VAULT.seal(A_NUMBER.e164), is_verified=True
)


def test_a_verified_phone_starts_with_a_clean_record() -> None:
    """The phone may start anew, and its wrong answers are forgotten; a second run changes nothing."""
    gates = some_gates(wrong_answers_per_phone=10)
    gates.admit_start(A_NUMBER.e164, "ver_1")
    gates.admit_guess(gates.phone(A_NUMBER.e164))

    answers = [note_verification_end(END, gates=gates, vault=VAULT)]
    gates.admit_start(A_NUMBER.e164, "ver_2")
    gates.admit_guess(gates.phone(A_NUMBER.e164))
    answers.append(note_verification_end(END, gates=gates, vault=VAULT))

    assert answers == [{"outcome": "done"}] * 2
    record = gates.look(A_NUMBER.e164)
    assert (record.live_id, record.wrong_answers) == ("ver_2", 1)


def test_a_right_answer_counts_for_the_prefix_on_both_ways_in() -> None:
    """An operator's verification frees no phone, but shows that somebody answers there."""
    records = MemoryRecords()
    gates = some_gates(records=records, sends_per_prefix="10/10m")
    gates.admit_start(A_NUMBER.e164, "ver_1")

    note_verification_end(replace(END, channel=Channel.OPERATOR), gates=gates, vault=VAULT)

    assert gates.look(A_NUMBER.e164).live_id == "ver_1"
    assert [fields["verified"] for name, fields in records.records.items() if name.startswith("prefix")] == [1]


def test_while_storage_is_away_it_is_to_be_tried_again() -> None:
    """Nothing is raised, since a failure's text would hold the input."""
    gates = some_gates(records=AwayRecords())

    assert note_verification_end(END, gates=gates, vault=VAULT) == {"outcome": "retry"}


def test_an_end_is_read_as_it_was_written() -> None:
    """The activity sees what the flow said."""
    assert VerificationEnd.from_payload(END.to_payload()) == END
