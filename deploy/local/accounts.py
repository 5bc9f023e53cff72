"""The accounts of one stack: made once for trying it, added to and changed by the command line.

Only argon2id hashes stand in `accounts.json`, which the services read. The passwords this program
made up stand in `secrets.json`, so that they can be looked up; one that somebody chose does not.
"""

import json
import secrets
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from deploy.local.data_folder import DataFolder, write_private
from deploy.local.errors import StackError
from deploy.local.locks import in_turn
from shared.catalogue.load import load_catalogue
from shared.contracts.parts import Role
from shared.web.accounts import Account, hash_password, normal, read_accounts, write_accounts
from shared.web.oidc_mapping import PROGRAMS, needs_unit

SHORTEST = 10
# without letters and digits that look alike on paper
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # pragma: allowlist secret

# One of each for trying it: login, role, unit, name.
TRYING = (
    ("operator", Role.OPERATOR, "C-RXZX", "受理员一号"),
    ("operator2", Role.OPERATOR, "C-RXZX", "受理员二号"),
    ("lead", Role.SHIFT_LEAD, "C-RXZX", "当班班长"),
    ("dispatcher", Role.DISPATCHER, "C-RXZX", "派单员一号"),
    ("dispatcher2", Role.DISPATCHER, "C-RXZX", "派单员二号"),
    ("reviewer", Role.REVIEWER, "C-RXZX", "审核员"),
    ("callback", Role.CALLBACK_CLERK, "C-RXZX", "回访员"),
    ("supervisor", Role.SUPERVISOR, "C-RXZX", "督办员"),
    ("leader", Role.LEADER, "C-GOV", "市领导"),
    ("street", Role.STREET_OFFICER, "S-159902001", "河湾街道调度员"),
    ("community", Role.COMMUNITY_WORKER, "Q-159902001001", "河湾社区工作人员"),
    ("grid", Role.GRID_WORKER, "Q-159902001001", "河湾社区网格员"),
    ("liaison", Role.LIAISON, "BH-CGJ", "滨河区城管局联络员"),
    ("handler", Role.HANDLER, "BH-CGJ", "滨河区城管局承办人"),
    ("heating", Role.LIAISON, "U-GR1", "城发供热联络员"),
    ("property", Role.HANDLER, "P-01", "锦苑物业承办人"),
    ("ops", Role.OPS, None, "运维"),
    ("auditor", Role.AUDITOR, None, "审计"),
)


def make_accounts(folder: DataFolder) -> None:
    """Make the accounts for trying the stack, unless it has some already; takes a second or two."""
    if folder.accounts.exists():
        return
    passwords = {login: new_password() for login, *_ in TRYING}
    with ThreadPoolExecutor(2) as hashing:
        hashes = list(hashing.map(hash_password, passwords.values()))
    now = datetime.now(UTC)
    accounts = [
        Account(login=login, name=name, role=role, unit=unit, hash=made, changed_at=now)
        for (login, role, unit, name), made in zip(TRYING, hashes, strict=True)
    ]
    with in_turn(folder.path / "accounts.lock"):
        if not folder.accounts.exists():
            _save(folder, accounts)
            _keep_passwords(folder, passwords)


def list_accounts(folder: DataFolder) -> list[tuple[Account, str | None]]:
    """Every account with its password, when that was made up here."""
    known = folder.require_secrets().account_passwords
    accounts = _accounts(folder)
    return [(accounts[login], known.get(login)) for login in sorted(accounts)]


def add_account(
    folder: DataFolder,
    login: str,
    *,
    role: str,
    unit: str | None,
    name: str,
    later: Collection[str] = (),
) -> tuple[Account, str]:
    """A new account and the password made up for it; StackError when it may not be.

    `later`: units that came after the catalogue's file.
    """
    login = normal(login)
    if not login or len(login) > 64 or not all(sign.isalnum() or sign in "-_.@" for sign in login):
        raise StackError(
            "账号只能用字母、数字和 - _ . @，最多 64 个字符",
            "a login has letters, digits and - _ . @, at most 64 of them",
        )
    password = new_password()
    account = Account(
        login=login,
        name=name,
        role=_role(role),
        unit=_unit(_role(role), unit, later),
        hash=hash_password(password),
        changed_at=datetime.now(UTC),
    )
    with in_turn(folder.path / "accounts.lock"):
        accounts = _accounts(folder)
        if login in accounts:
            raise StackError(f"账号 {login} 已存在", f"there is an account {login} already")
        _save(folder, [*accounts.values(), account])
        _keep_passwords(folder, {login: password})
    return account, password


def set_disabled(folder: DataFolder, login: str, *, disabled: bool) -> None:
    """Close an account, which ends its sessions at once, or open it again."""
    with in_turn(folder.path / "accounts.lock"):
        account = _one(folder, login)
        _replace(folder, replace(account, disabled=disabled, changed_at=datetime.now(UTC)))


def set_password(folder: DataFolder, login: str, password: str | None) -> str:
    """Give an account this password, or one made up; its sessions end at once."""
    if password is not None and len(password) < SHORTEST:
        raise StackError(
            f"密码至少 {SHORTEST} 个字符", f"a password has at least {SHORTEST} characters"
        )
    given = password or new_password()
    hashed = hash_password(given)
    with in_turn(folder.path / "accounts.lock"):
        account = _one(folder, login)
        _replace(folder, replace(account, hash=hashed, changed_at=datetime.now(UTC)))
        _keep_passwords(folder, {account.login: given if password is None else None})
    return given


def new_password() -> str:
    """Twelve letters and digits in groups, to be read from paper; about 59 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def _role(role: str) -> Role:
    if role not in set(Role) - PROGRAMS:
        names = "、".join(known.value for known in Role if known not in PROGRAMS)
        raise StackError(f"没有角色 {role}。可用：{names}", f"no role {role}; there are: {names}")
    return Role(role)


def _unit(role: Role, unit: str | None, later: Collection[str] = ()) -> str | None:
    if unit is None and needs_unit(role):
        raise StackError(
            f"{role.value} 必须指明单位 --unit", f"{role.value} needs a unit: --unit CODE"
        )
    if unit is not None and unit not in later and unit not in load_catalogue().units:
        raise StackError(f"没有单位 {unit}", f"there is no unit {unit}")
    return unit


def _accounts(folder: DataFolder) -> dict[str, Account]:
    folder.require_secrets()
    return read_accounts(folder.accounts) if folder.accounts.exists() else {}


def _one(folder: DataFolder, login: str) -> Account:
    account = _accounts(folder).get(normal(login))
    if account is None:
        raise StackError(f"没有账号 {login}", f"there is no account {login}")
    return account


def _replace(folder: DataFolder, account: Account) -> None:
    _save(folder, (_accounts(folder) | {account.login: account}).values())


def _save(folder: DataFolder, accounts: Iterable[Account]) -> None:
    write_private(folder.accounts, write_accounts(accounts))


def _keep_passwords(folder: DataFolder, passwords: dict[str, str | None] | dict[str, str]) -> None:
    """Those made up; None forgets one."""
    file = folder.path / "secrets.json"
    content = json.loads(file.read_text())
    kept = {**content.get("account_passwords", {}), **passwords}
    content["account_passwords"] = {k: v for k, v in kept.items() if v is not None}
    write_private(file, content)
