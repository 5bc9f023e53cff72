"""Which role and unit somebody has whom the city's own sign-in knows: rules in a file, read anew.

The first rule that fits a person's claims counts; whom none fits may not come in. A session begun
by a rule ends when that rule is changed or goes, or its subject is `closed`: within a request.

    name = "name"                       # the claim that is shown as the person's name
    closed = ["248289761001"]           # subjects that may not come in, whatever the rules say

    [[rule]]
    claim = "groups"                    # with dots for what lies deeper: realm_access.roles
    value = "12345-dispatch"
    role = "dispatcher"
    unit = "C-RXZX"                     # or unit_claim = "…": a unit's code,
                                        # or region_claim = "…": a street's or community's region
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

from shared.catalogue.load import load_catalogue
from shared.catalogue.model import UnitKind
from shared.catalogue.rights import Scope, scope_of
from shared.contracts.parts import Role
from shared.errors import ForbiddenError
from shared.runtime.logging import logger

log = logger(__name__)
PROGRAMS: Final = frozenset({Role.CITIZEN, Role.DEPARTMENT, Role.SYSTEM, Role.CANARY})
PREFIX: Final = "sso:"  # no login of an accounts file has a colon
LONGEST_NAME: Final = 40


class NotOursError(ForbiddenError):
    """The sign-in knows the person, and no rule gives them anything to do here."""

    code = "not_ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who has `value` among the values of `claim` has this role."""

    claim: str
    value: str
    role: Role
    unit: str | None = None
    unit_claim: str | None = None
    region_claim: str | None = None

    def __post_init__(self) -> None:
        named = [self.unit, self.unit_claim, self.region_claim]
        if self.role in PROGRAMS:
            raise ValueError(f"{self.role.value} is no person's role")
        if sum(each is not None for each in named) > 1:
            raise ValueError("one of unit, unit_claim and region_claim")
        if needs_unit(self.role) and not any(named):
            raise ValueError(f"{self.role.value} needs unit, unit_claim or region_claim")

    def fingerprint(self) -> str:
        """What a session carries of the rule that began it."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:24]

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether the person has the value."""
        return self.value in values_of(claims, self.claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom a rule lets in."""

    login: str
    name: str
    role: Role
    unit: str | None
    rule: str


class People:
    """The rules as the file has them now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._name, self._closed, self._rules = "name", frozenset[str](), tuple[Rule, ...]()

    def person(self, claims: Mapping[str, Any]) -> Person:
        """Who somebody is here; NotOursError where no rule fits, or the unit is not known."""
        self._refresh()
        subject = str(claims["sub"])
        if subject in self._closed:
            raise NotOursError("您的账号已停用，请联系管理员", "the account is closed here")
        rule = next((each for each in self._rules if each.fits(claims)), None)
        if rule is None:
            raise NotOursError(
                "统一身份认证已确认您的身份，但您在本系统没有角色，请联系本单位管理员",
                "the sign-in knows you, but no role here is yours",
            )
        name = next(iter(values_of(claims, self._name)), "") or subject
        return Person(
            login=PREFIX + subject,
            name=name[:LONGEST_NAME],
            role=rule.role,
            unit=_unit_of(rule, claims),
            rule=rule.fingerprint(),
        )

    def holds(self, login: str, rule: str) -> bool:
        """Whether a session begun by this rule still stands."""
        self._refresh()
        known = any(each.fingerprint() == rule for each in self._rules)
        return known and login.removeprefix(PREFIX) not in self._closed

    def claims_asked(self) -> set[str]:
        """The outermost names of all claims that the rules look at."""
        self._refresh()
        named = {self._name}
        for rule in self._rules:
            named |= {rule.claim, rule.unit_claim or rule.claim, rule.region_claim or rule.claim}
        return {each.partition(".")[0] for each in named}

    def check(self) -> None:
        """Read the file; ValueError or OSError where it does not do."""
        read_rules(self._path.read_text("utf-8"))

    def _refresh(self) -> None:
        """As the file is now; one that does not do while we run changes nothing."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._name, self._closed, self._rules = read_rules(self._path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            log.error("sign_in_rules_unreadable", file=str(self._path), error=str(error))


def read_rules(text: str) -> tuple[str, frozenset[str], tuple[Rule, ...]]:
    """The name's claim, who is closed out and the rules; ValueError for anything else."""
    table = tomllib.loads(text)
    if unknown := set(table) - {"name", "closed", "rule"}:
        raise ValueError(f"not known: {', '.join(sorted(unknown))}")
    try:
        rules = tuple(Rule(**row | {"role": Role(row["role"])}) for row in table["rule"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"a rule has claim, value and role: {error}") from None
    closed = frozenset(map(str, table.get("closed", ())))
    return str(table.get("name", "name")), closed, rules


def needs_unit(role: Role) -> bool:
    """Whether what this role sees hangs on its unit."""
    return scope_of(role, "promises.see") in (Scope.UNIT, Scope.REGION)


def values_of(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """The values of a claim, one or several; `a.b` is b in a, unless a claim is called so."""
    return tuple(str(each) for each in _values(claims, path) if each not in (None, ""))


def _values(claims: Mapping[str, Any], path: str) -> Iterator[Any]:
    found: Any = claims.get(path)
    if found is None and "." in path:
        first, _, rest = path.partition(".")
        inner = claims.get(first)
        found = _values(inner, rest) if isinstance(inner, Mapping) else None
    if isinstance(found, str | int | bool) or found is None:
        yield found
    elif not isinstance(found, Mapping):
        yield from found


def _unit_of(rule: Rule, claims: Mapping[str, Any]) -> str | None:
    """The code of the person's unit; NotOursError where the claims do not give one we know."""
    if rule.unit_claim is None and rule.region_claim is None:
        return rule.unit
    said = next(iter(values_of(claims, rule.unit_claim or rule.region_claim or "")), "")
    if rule.unit_claim is not None:
        found = said or None  # one that came at run time is not in the catalogue's file
    else:
        kinds = (UnitKind.STREET, UnitKind.COMMUNITY)
        units = load_catalogue().units.values()
        local = (unit.code for unit in units if unit.kind in kinds and unit.region_code == said)
        found = next(local, None)
    if found is None:
        raise NotOursError(
            "统一身份认证没有给出您所属的单位或辖区，请联系本单位管理员",
            "the sign-in does not say of which unit or region you are",
        )
    return found
