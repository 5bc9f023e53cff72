"""The vault: sealed to its ticket, opened by the right key, keys rotated."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.intake.domain.person import Person, normal_id_number, normal_phone
from services.intake.store.vault import Vault
from shared.contracts.ids import new_id
from shared.sealing import Sealed, VaultError

OLD, NEW = (base64.b64encode(byte * 32).decode() for byte in (b"o", b"n"))
TICKET = new_id(datetime(2026, 9, 14, tzinfo=UTC))
OTHER = UUID(int=TICKET.int + 1)
PERSON = Person(name="赵小明", phone="13900001111", address="河湾锦苑3号楼2单元501", lat=41.6)


def test_what_is_sealed_is_opened_and_unreadable_before() -> None:
    vault = Vault([NEW])
    sealed = vault.seal_person(TICKET, PERSON)
    assert vault.open_person(TICKET, sealed) == PERSON
    assert "赵小明".encode() not in sealed.data
    assert vault.seal_person(TICKET, PERSON).data != sealed.data


def test_it_is_bound_to_its_ticket_and_whole() -> None:
    vault = Vault([NEW])
    sealed = vault.seal(TICKET, b"data")
    altered = Sealed(key_id=sealed.key_id, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    for ticket_id, data in ((OTHER, sealed), (TICKET, altered)):
        with pytest.raises(VaultError):
            vault.open(ticket_id, data)


def test_after_a_rotation_old_and_new_are_read() -> None:
    before, after = Vault([OLD]), Vault([NEW, OLD])
    sealed = before.seal_person(TICKET, PERSON)
    assert after.open_person(TICKET, sealed) == PERSON
    assert after.seal_person(TICKET, PERSON).key_id != sealed.key_id
    assert before.phone_index("13900001111") in after.phone_indexes("13900001111")
    assert after.phone_index("13900001111") != before.phone_index("13900001111")
    assert after.mark(b"body", before.key_id) == before.mark(b"body")
    with pytest.raises(VaultError):
        Vault([NEW]).open(TICKET, sealed)
    assert Vault([NEW]).mark(b"body", before.key_id) is None


@pytest.mark.parametrize("keys", [[], ["not base64!"], [base64.b64encode(b"short").decode()]])
def test_a_wrong_key_is_told_at_start(keys: list[str]) -> None:
    with pytest.raises(VaultError):
        Vault(keys)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("139 0000 1111", "13900001111"),
        ("+86-13900001111", "13900001111"),
        ("8613900001111", "13900001111"),
        ("１３９００００１１１１", "13900001111"),
        ("(0478)8212345", "04788212345"),
        ("无", None),
        ("12", None),
    ],
)
def test_phones_are_compared_by_their_digits(written: str, normal: str | None) -> None:
    assert normal_phone(written) == normal


def test_id_numbers_in_one_form() -> None:
    assert normal_id_number("150802 19900101 123x") == "15080219900101123X"
    assert normal_id_number("123") is None
