"""Ending a ticket at the desk: answered, transferred, rejected, voided; and the one appeal.

Only what nobody was called for ends here. Where a transfer leads and why a ticket may be rejected
or voided are the city's own lists (`settlements.toml`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.heard import change_promises
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Command
from services.intake.domain.words import who
from shared.contracts.parts import DeadlineKind
from shared.contracts.tickets import Answered, Appealed, Rejected, Transferred, Voided
from shared.contracts.values import Due, TicketType
from shared.errors import FieldError, InvalidError

WITHOUT_ARTICLE: Final = frozenset({TicketType.CONSULT, TicketType.PRAISE})
"""What an operator may answer in their own words; all else only from the knowledge base."""

L = TypeVar("L", "Target", "Reason")


class TransferKind(StrEnum):
    """Why a matter is not a bureau's to whistle."""

    EMERGENCY = "emergency"  # 紧急警情
    STATUTORY = "statutory"  # 法定途径


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a matter is handed to; `way` is what the person is told of it."""

    code: str
    kind: TransferKind
    zh: str
    en: str
    way_zh: str
    way_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a ticket is rejected or voided."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlements:
    """The city's lists, by code."""

    targets: Mapping[str, Target]
    rejections: Mapping[str, Reason]
    voidings: Mapping[str, Reason]

    def target(self, code: str) -> Target:
        """InvalidError where there is none."""
        return _listed(self.targets, code, "to")

    def rejection(self, code: str) -> Reason:
        """InvalidError where there is none."""
        return _listed(self.rejections, code, "reason")

    def voiding(self, code: str) -> Reason:
        """InvalidError where there is none."""
        return _listed(self.voidings, code, "reason")


def read_settlements(table: Mapping[str, Any]) -> Settlements:
    """The lists of `settlements.toml`; ValueError names what is missing or unknown."""
    if set(table) != {"transfer", "reject", "void"}:
        raise ValueError(f"settlements: needs transfer, reject and void, not {sorted(table)}")
    try:
        return Settlements(
            targets={
                code: Target(code=code, **{**row, "kind": TransferKind(row["kind"])})
                for code, row in table["transfer"].items()
            },
            rejections={code: Reason(code=code, **row) for code, row in table["reject"].items()},
            voidings={code: Reason(code=code, **row) for code, row in table["void"].items()},
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"settlements: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article of the knowledge base as it was quoted."""

    article_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the person was told, without personal data."""

    text: str
    article: Article | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Where the matter was handed to, with a remark for the timeline."""

    target: Target
    note: str | None = None


Ending = Answer | Transfer
"""What may end a ticket in the very transaction that registers it."""


def end(case: Case, ending: Ending, doing: Doing, rules: Rules) -> None:
    """End it at the desk."""
    match ending:
        case Answer():
            answer(case, ending, doing, rules)
        case Transfer():
            transfer(case, ending, doing, rules)


def answer(case: Case, given: Answer, doing: Doing, rules: Rules) -> None:
    """Told what was asked; other types than consult and praise need an article."""
    case.demand(Command.ANSWER)
    if given.article is None and case.ticket.type not in WITHOUT_ARTICLE:
        raise InvalidError(
            FieldError(
                field="article",
                zh="article：咨询、表扬以外的诉求须引用知识库条目才能直接答复",
                en="article: only consultations and praise are answered without an article",
            )
        )
    case.move(Command.ANSWER, at=doing.now, actor=doing.actor)
    own = case.own(DeadlineKind.CITIZEN)
    if own is not None:
        case.promise(promises.kept_at(own, doing.now))
    _nothing_owed(case)
    article = given.article
    say(
        case,
        Answered,
        doing,
        article=str(article.article_id) if article else None,
        article_version=article.version if article else None,
    )
    quoted = "（引自知识库）" if article else ""
    _tell(case, "answered", f"已答复{quoted}：{given.text}", doing, rules)


def transfer(case: Case, given: Transfer, doing: Doing, rules: Rules) -> None:
    """Handed to who must act at once, or told the lawful way."""
    case.demand(Command.TRANSFER)
    target = given.target
    case.move(Command.TRANSFER, at=doing.now, actor=doing.actor)
    _nothing_owed(case)
    say(case, Transferred, doing, to=target.code)
    verb = "已转" if target.kind is TransferKind.EMERGENCY else "请走法定途径："
    note = f"（{given.note}）" if given.note else ""
    _tell(case, "transferred", f"{verb}{target.zh}{note}。{target.way_zh}", doing, rules)


def reject(case: Case, reason: Reason, note: str | None, doing: Doing, rules: Rules) -> None:
    """Not a matter for the hotline; may be appealed once."""
    case.demand(Command.REJECT)
    case.move(Command.REJECT, at=doing.now, actor=doing.actor)
    _nothing_owed(case)
    say(case, Rejected, doing, reason=reason.code)
    more = f"（{note}）" if note else ""
    _tell(case, "rejected", f"不予受理，原因：{reason.zh}{more}。可申诉一次", doing, rules)


def appeal(case: Case, words: str, doing: Doing, rules: Rules, *, appealed: bool) -> Due:
    """Registered again, with a new dispatch limit; the citizen's clock runs on as it was."""
    case.demand(Command.APPEAL)
    if appealed:
        raise case.conflict("已申诉过一次", "it was appealed once already", code="appealed_already")
    case.move(Command.APPEAL, at=doing.now, actor=doing.actor)
    dispatch_by = rules.dispatch_by(case.ticket.urgency, doing.now)
    citizen, dispatch = case.own(DeadlineKind.CITIZEN), case.own(DeadlineKind.DISPATCH)
    if citizen is not None:
        case.promise(promises.restored(citizen))
    if dispatch is not None:
        case.promise(promises.moved(promises.restored(dispatch), dispatch_by))
    say(case, Appealed, doing, dispatch_by=dispatch_by)
    case.tell("appealed", f"申诉：{words}。已重新登记", at=doing.now, who="诉求人")
    return dispatch_by


def void(case: Case, reason: Reason, note: str | None, doing: Doing, rules: Rules) -> None:
    """Registered by mistake; only before dispatch."""
    case.demand(Command.VOID)
    case.move(Command.VOID, at=doing.now, actor=doing.actor)
    _nothing_owed(case)
    say(case, Voided, doing, reason=reason.code)
    more = f"（{note}）" if note else ""
    _tell(case, "voided", f"工单作废，原因：{reason.zh}{more}", doing, rules)


def _nothing_owed(case: Case) -> None:
    change_promises(case, promises.cancelled, lambda _each: True)


def _tell(case: Case, what: str, zh: str, doing: Doing, rules: Rules) -> None:
    case.tell(what, zh, at=doing.now, who=who(rules.catalogue, doing.actor))


def _listed(table: Mapping[str, L], code: str, field: str) -> L:
    found = table.get(code)
    if found is None:
        raise InvalidError(
            FieldError(
                field=field,
                zh=f"{field}：只能是 {'、'.join(table)}",
                en=f"{field}: must be one of {', '.join(table)}",
            )
        )
    return found
