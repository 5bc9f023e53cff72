"""Accounts of a stack: made once, private, changed by the command line; the pages' files."""

import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from deploy.cli.main import cli
from deploy.local import accounts, assets
from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from shared.contracts.parts import Role
from shared.web.accounts import HASHER, NOBODY, Accounts, is_right, read_accounts
from shared.web.oidc_mapping import PROGRAMS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """Two accounts whose passwords cost little to hash; the real costs are looked at below."""
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    monkeypatch.setattr("shared.web.accounts.HASHER", cheap)
    made = DataFolder(tmp_path)
    made.secrets()
    monkeypatch.setattr(
        accounts,
        "TRYING",
        (
            ("operator", Role.OPERATOR, "C-RXZX", "受理员"),
            ("liaison", Role.LIAISON, "BH-CGJ", "联络员"),
        ),
    )
    accounts.make_accounts(made)
    return made


def test_accounts_for_trying_are_made_once_and_private(folder: DataFolder) -> None:
    found = accounts.list_accounts(folder)
    assert [(account.login, account.role) for account, _ in found] == [
        ("liaison", "liaison"),
        ("operator", "operator"),
    ]
    for account, password in found:
        assert password is not None
        assert is_right(account, password)
        assert account.hash.startswith("$argon2id$")
    for name in ("accounts.json", "secrets.json"):
        assert stat.S_IMODE((folder.path / name).stat().st_mode) == 0o600
    assert not any(p in folder.accounts.read_text() for _, p in found if p)
    accounts.make_accounts(folder)
    assert accounts.list_accounts(folder) == found


def test_the_accounts_every_stack_begins_with_have_roles_and_units_of_the_city() -> None:
    for login, role, unit, name in accounts.TRYING:
        assert accounts._role(role.value) is role
        assert accounts._unit(role, unit) == unit
        assert login == login.lower()
        assert name
    missing = set(Role) - PROGRAMS - {role for _, role, _, _ in accounts.TRYING}
    assert missing == set()


def test_an_account_is_added_closed_opened_and_given_another_password(folder: DataFolder) -> None:
    known = Accounts(folder.accounts)
    _, password = accounts.add_account(
        folder, " Zhang ", role="liaison", unit="BH-CGJ", name="张联络"
    )
    assert is_right(known.find("ZHANG"), password)
    accounts.set_disabled(folder, "zhang", disabled=True)
    assert not is_right(known.find("zhang"), password)
    accounts.set_disabled(folder, "zhang", disabled=False)
    before = known.find("zhang")
    assert before is not None
    assert is_right(before, password)
    accounts.set_password(folder, "zhang", "chosen by themselves")
    after = known.find("zhang")
    assert after is not None
    assert after.fingerprint() != before.fingerprint()
    assert is_right(after, "chosen by themselves")
    # what somebody chose is written down nowhere
    assert dict((a.login, p) for a, p in accounts.list_accounts(folder))["zhang"] is None
    assert "chosen" not in (folder.path / "secrets.json").read_text()
    assert folder.secrets().token_secret


@pytest.mark.parametrize(
    ("login", "role", "unit", "words"),
    [
        ("a b", "operator", None, "a login has"),
        ("", "operator", None, "a login has"),
        ("x", "citizen", None, "no role citizen"),
        ("x", "mayor", None, "no role mayor"),
        ("x", "liaison", None, "needs a unit"),
        ("x", "liaison", "XX-CGJ", "no unit XX-CGJ"),
        ("operator", "operator", None, "already"),
    ],
)
def test_what_may_not_be_is_said(
    folder: DataFolder, login: str, role: str, unit: str | None, words: str
) -> None:
    with pytest.raises(StackError) as refused:
        accounts.add_account(folder, login, role=role, unit=unit, name="x")
    assert words in refused.value.en
    assert len(read_accounts(folder.accounts)) == 2


def test_nobody_takes_as_long_as_somebody() -> None:
    assert not HASHER.check_needs_rehash(NOBODY)  # the same costs
    assert not is_right(None, "")


def test_a_short_password_and_an_unknown_login_are_refused(folder: DataFolder) -> None:
    with pytest.raises(StackError):
        accounts.set_password(folder, "operator", "short")
    with pytest.raises(StackError):
        accounts.set_password(folder, "nobody", None)
    with pytest.raises(StackError):
        accounts.set_disabled(folder, "nobody", disabled=True)


def test_the_command_line_shows_whole_passwords(folder: DataFolder) -> None:
    where = ("--data", str(folder.path))
    shown = CliRunner().invoke(cli, ["accounts", *where]).stdout
    for _, password in accounts.list_accounts(folder):
        assert password is not None
        assert password in shown
    made = CliRunner().invoke(cli, ["account", "password", "operator", *where])
    password = made.stdout.splitlines()[-1]
    assert is_right(Accounts(folder.accounts).find("operator"), password)


def test_the_pages_files_are_copied_whole_without_maps(tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    with pytest.raises(StackError):
        assets.require_assets(vendor)
    assets.copy_assets(vendor=vendor)
    assets.require_assets(vendor)
    for name in assets.FILES.values():
        copied = (vendor / name).read_bytes()
        assert copied
        assert b"sourceMappingURL" not in copied
    (vendor / "old.js").write_text("")
    assets.copy_assets(vendor=vendor)
    assert not (vendor / "old.js").exists()
    with pytest.raises(StackError, match="make setup"):
        assets.copy_assets(packages=tmp_path, vendor=vendor)
