"""Reads the time limits from `data/time_limits.toml`, and says which entry is wrong.

Every entry must be there, and none that nobody reads: a misspelt name is an error, not a default.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from shared.catalogue.limits import (
    ExtensionLimits,
    ExtensionStep,
    KindLimits,
    LimitError,
    OneTapLimits,
    Rework,
    Rule,
    Rung,
    TimeLimits,
    UrgencyLimits,
    parse_rule,
)
from shared.catalogue.terms import OneTapTaker, ReviewKind, Term
from shared.contracts.values import TicketType, Urgency, WhistleKind

T = TypeVar("T")

DATA = Path(__file__).parent / "data"

_KINDS = (WhistleKind.EMERGENCY, WhistleKind.JOINT_ENFORCEMENT, WhistleKind.KEY_WORK)


def load_time_limits(path: Path | None = None) -> TimeLimits:
    """The limits of a file, those of the project by default; raises LimitError naming the entry."""
    path = path or DATA / "time_limits.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LimitError(f"{path.name}: {error}") from error
    return read_time_limits(table, path.name)


def read_time_limits(table: Mapping[str, object], name: str = "time_limits.toml") -> TimeLimits:
    """The limits of a parsed file; raises LimitError naming the entry."""
    root = _Section(table, name)
    urgency, extension, ladder = map(root.section, ("urgency", "extension", "ladder"))
    review, term, callback = map(root.section, ("review", "term", "callback"))
    whistle, one_tap, warning = map(root.section, ("whistle", "one_tap", "warning"))
    limits = TimeLimits(
        version=root.text("version"),
        urgencies={
            each: _urgency(
                urgency.section(each), _extension(extension.optional(each)), _ladder(ladder, each)
            )
            for each in Urgency
        },
        kinds={kind: _kind(whistle.section(kind)) for kind in _KINDS},
        reviews={kind: review.rule(kind) for kind in ReviewKind},
        one_taps={taker: _one_tap(one_tap.section(taker)) for taker in OneTapTaker},
        terms={each: term.rule(each) for each in Term},
        callback_starts=callback.rule("start"),
        callback_ends=callback.rule("end"),
        assisting_share=root.number("assisting_share"),
        deemed_acknowledged_at=root.number("deemed_acknowledged_at"),
        reworked=_rework(root.section("rework")),
        short_warnings=tuple(map(_warning, warning.sections("short"))),
        long_warnings=tuple(map(_warning, warning.sections("long"))),
        short_days=warning.whole("short_days"),
        climbing=frozenset(ladder.texts("climbing")),
        audiences=_audiences(root.section("audience"), warning),
    )
    root.done()
    return limits


def _urgency(
    section: "_Section", extension: ExtensionLimits, ladder: tuple[Rung, ...]
) -> UrgencyLimits:
    return UrgencyLimits(
        dispatch=section.rule("dispatch"),
        acknowledge=section.rule("acknowledge"),
        contact=section.rule("contact"),
        arrive=section.optional_rule("arrive"),
        resolve=_resolve(section),
        hard_case=section.optional_rule("hard_case"),
        ruling=section.rule("ruling"),
        extension=extension,
        ladder=ladder,
    )


def _resolve(section: "_Section") -> dict[TicketType, Rule]:
    """One limit for all ticket types, or a table with one each."""
    if isinstance(section.table.get("resolve"), str):
        return dict.fromkeys(TicketType, section.rule("resolve"))
    by_type = section.section("resolve")
    return {ticket_type: by_type.rule(ticket_type) for ticket_type in TicketType}


def _extension(section: "_Section | None") -> ExtensionLimits:
    if section is None:
        return ExtensionLimits()
    steps = section.sections("steps")
    return ExtensionLimits(
        steps=tuple(ExtensionStep(up_to=step.rule("up_to"), by=step.text("by")) for step in steps),
        total=section.rule("total"),
    )


def _ladder(section: "_Section", urgency: Urgency) -> tuple[Rung, ...]:
    rungs, after = section.sections("rungs"), section.section("after")
    offsets = after.texts(urgency)
    if len(offsets) != len(rungs):
        raise after.wrong(urgency, f"has {len(offsets)} offsets for {len(rungs)} rungs")
    return tuple(
        Rung(
            name=rung.text("name"),
            level=rung.whole("level"),
            audience=rung.texts("audience"),
            after=after.as_rule(urgency, offset),
            from_round=rung.whole("from_round") if "from_round" in rung.table else None,
            group_matter=rung.flag("group_matter"),
        )
        for rung, offset in zip(rungs, offsets, strict=True)
    )


def _warning(section: "_Section") -> Rung:
    elapsed = section.number("elapsed") if "elapsed" in section.table else None
    before = section.optional_rule("before")
    if (elapsed is None) == (before is None):
        raise section.wrong("name", "needs one of elapsed and before")
    name, audience = section.text("name"), section.texts("audience")
    return Rung(name=name, level=0, audience=audience, elapsed=elapsed, before=before)


def _audiences(section: "_Section", warning: "_Section") -> dict[str, dict[str, tuple[str, ...]]]:
    """Of each kind the audience of every warning, and of the miss."""
    rungs = [each.text("name") for each in warning.sections("short")]
    rungs += [each.text("name") for each in warning.sections("long")]
    return {
        kind: {rung: section.section(kind).texts(rung) for rung in dict.fromkeys((*rungs, "due"))}
        for kind in section.table
    }


def _kind(section: "_Section") -> KindLimits:
    return KindLimits(
        acknowledge=section.rule("acknowledge"),
        contact=section.optional_rule("contact"),
        arrive=section.optional_rule("arrive"),
        arrive_banner=section.optional_rule("arrive_banner"),
    )


def _one_tap(section: "_Section") -> OneTapLimits:
    return OneTapLimits(accept=section.rule("accept"), done=section.optional_rule("done"))


def _rework(section: "_Section") -> Rework:
    return Rework(
        from_round=section.whole("from_round"),
        share=section.number("share"),
        least_natural=section.rule("least_natural"),
        least_working=section.rule("least_working"),
    )


class _Section:
    """A table of the file that knows its place and which of its entries were read."""

    def __init__(self, table: Mapping[str, object], place: str) -> None:
        self.table = table
        self._place = place
        self._read: set[str] = set()
        self._parts: dict[str, list[_Section]] = {}

    def wrong(self, key: str, why: str) -> LimitError:
        return LimitError(f"{self._place}: {key} {why}")

    def section(self, key: str) -> "_Section":
        return self._nested(key, self._value(key, dict))[0]

    def optional(self, key: str) -> "_Section | None":
        return self.section(key) if key in self.table else None

    def sections(self, key: str) -> "list[_Section]":
        return self._nested(key, *self._value(key, list))

    def _nested(self, key: str, *tables: object) -> "list[_Section]":
        if key not in self._parts:
            for table in tables:
                if not isinstance(table, dict):
                    raise self.wrong(key, "must be a list of tables")
            place = f"{self._place}: {key}"
            self._parts[key] = [_Section(t, place) for t in tables if isinstance(t, dict)]
        return self._parts[key]

    def rule(self, key: str) -> Rule:
        return self.as_rule(key, self.text(key))

    def optional_rule(self, key: str) -> Rule | None:
        return self.rule(key) if key in self.table else None

    def as_rule(self, key: str, text: str) -> Rule:
        try:
            return parse_rule(text)
        except LimitError as error:
            raise self.wrong(key, f"is wrong: {error}") from error

    def text(self, key: str) -> str:
        return self._value(key, str)

    def texts(self, key: str) -> tuple[str, ...]:
        items = self._value(key, list)
        if not all(isinstance(item, str) for item in items):
            raise self.wrong(key, "must be a list of texts")
        return tuple(items)

    def number(self, key: str) -> float:
        return self._value(key, float)

    def whole(self, key: str) -> int:
        return self._value(key, int)

    def flag(self, key: str) -> bool:
        return key in self.table and self._value(key, bool)

    def _value(self, key: str, kind: type[T]) -> T:
        self._read.add(key)
        if key not in self.table:
            raise self.wrong(key, "is missing")
        value = self.table[key]
        if not isinstance(value, kind):
            raise self.wrong(key, f"must be a {kind.__name__}, not {value!r}")
        return value

    def done(self) -> None:
        """Raises on entries that nothing read, here and below."""
        if unread := sorted(set(self.table) - self._read):
            raise self.wrong(", ".join(unread), "is not known")
        for parts in self._parts.values():
            for part in parts:
                part.done()
