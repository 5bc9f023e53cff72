"""The duty list as people edit it: its rows, what may be wrong with one, and how two lists differ.

A row is known by its `duty_id` through all versions. Of two rows for one subject and region, both
with a condition or both without, only one may hold at any time: who is replaced is ended first.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

from annotated_types import Len, MaxLen
from pydantic_core import to_json

from services.router.domain.city import City
from services.router.domain.duty.overlap import at_once, overlapping
from services.router.domain.jurisdiction import breach
from shared.catalogue.duties import Duty, parse_condition
from shared.catalogue.regions import is_region_code
from shared.errors import FieldError, InvalidError
from shared.records import record

MOST_ROWS: Final = 20_000
_MOST_FAULTS: Final = 200
_DAY: Final = timedelta(days=1)


@record
class DutyRow:
    """A row of the list and what it is known by."""

    duty_id: UUID
    duty: Duty


@record
class RowWords:
    """A row as it is written by people: `condition` as `hours=22:00-06:00;season=10-15..04-15`."""

    subject: Annotated[str, Len(1, 16)]
    region: Annotated[str, Len(6, 15)]
    unit: Annotated[str, Len(1, 64)]
    clause: Annotated[str, Len(1, 500)]
    valid_from: date
    valid_to: date | None = None
    condition: Annotated[str, MaxLen(64)] = ""
    duty_id: UUID | None = None  # of the row it stands for; a new one has none


@record
class Ending:
    """A row's last day."""

    duty_id: UUID
    valid_to: date


@record
class Edits:
    """What is to become of a draft's rows."""

    add: Annotated[tuple[RowWords, ...], MaxLen(1000)] = ()
    change: Annotated[tuple[RowWords, ...], MaxLen(1000)] = ()
    end: Annotated[tuple[Ending, ...], MaxLen(1000)] = ()
    remove: Annotated[tuple[UUID, ...], MaxLen(1000)] = ()


@record
class Changes:
    """How one list differs from another; a changed row as it was and as it is."""

    added: tuple[DutyRow, ...]
    changed: tuple[tuple[DutyRow, DutyRow], ...]
    removed: tuple[DutyRow, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


Fields = Mapping[UUID, str]
"""What each row is called in the request that wrote it: `add.0`, `rows.12`."""


def edited(
    rows: Sequence[DutyRow], edits: Edits, city: City, new_ids: Iterator[UUID]
) -> tuple[DutyRow, ...]:
    """The rows after these edits; raises InvalidError naming every wrong field.

    `new_ids`: ids for the rows that are added.
    """
    now = {row.duty_id: row for row in rows}
    errors = list(_unknown(now, edits))
    named: dict[UUID, str] = {}
    for duty_id in edits.remove:
        now.pop(duty_id, None)
    for place, ending in enumerate(edits.end):
        if (row := now.get(ending.duty_id)) is not None:
            duty = replace(row.duty, valid_to=ending.valid_to)
            now[ending.duty_id] = replace(row, duty=duty)
            named[ending.duty_id] = f"end.{place}"
    for what, many in (("change", edits.change), ("add", edits.add)):
        for place, words in enumerate(many):
            duty_id = words.duty_id if what == "change" and words.duty_id else next(new_ids)
            named[duty_id] = f"{what}.{place}"
            duty_or_faults = _read(words, named[duty_id])
            if isinstance(duty_or_faults, Duty):
                now[duty_id] = DutyRow(duty_id=duty_id, duty=duty_or_faults)
            else:
                errors += duty_or_faults
    return _sound(now.values(), city, named, errors)


def written(
    rows: Iterable[RowWords], known: Iterable[DutyRow], city: City, new_ids: Iterator[UUID]
) -> tuple[DutyRow, ...]:
    """A whole list as it was written; raises InvalidError naming every wrong field.

    A row that says what one of `known` says is that row, also where it has lost its id.
    """
    same = {row.duty: row.duty_id for row in known}
    ids = set(same.values())
    now: dict[UUID, DutyRow] = {}
    named: dict[UUID, str] = {}
    errors: list[FieldError] = []
    for place, words in enumerate(rows):
        field = f"rows.{place}"
        duty = _read(words, field)
        if not isinstance(duty, Duty):
            errors += duty
            continue
        own = words.duty_id if words.duty_id in ids else same.get(duty)
        if own is not None and own in now:
            if now[own].duty == duty or words.duty_id is not None:
                errors.append(_wrong(f"{field}.subject", "与另一行重复", "stands there twice"))
                continue
            own = None
        duty_id = own or next(new_ids)
        now[duty_id], named[duty_id] = DutyRow(duty_id=duty_id, duty=duty), field
    return _sound(now.values(), city, named, errors)


def checked(words: RowWords, city: City) -> Duty:
    """One row by itself; raises InvalidError naming every wrong field."""
    duty = _read(words, "row")
    if not isinstance(duty, Duty):
        raise InvalidError(*duty)
    if errors := list(_faults_of(duty, city, "row")):
        raise InvalidError(*errors)
    return duty


def faults(rows: Iterable[DutyRow], city: City, named: Fields) -> Iterator[FieldError]:
    """What is wrong with the rows that `named` names, and which of them overlap with any."""
    every = list(rows)
    for row in every:
        if (field := named.get(row.duty_id)) is not None:
            yield from _faults_of(row.duty, city, field)
    for one, other in ((every[i], every[j]) for i, j in overlapping([r.duty for r in every])):
        if (first := named.get(one.duty_id)) or named.get(other.duty_id):
            field, against = (first or named[other.duty_id]), other if first else one
            yield _wrong(
                f"{field}.region",
                f"与同级的另一行同时有效（{_said(against.duty)}），请先终止其中一行",
                f"holds at the same time as an equal row ({_said(against.duty)}): end one first",
            )


def _sound(
    rows: Iterable[DutyRow], city: City, named: Fields, errors: list[FieldError]
) -> tuple[DutyRow, ...]:
    every = in_order(rows)
    errors += faults(every, city, named)
    if len(every) > MOST_ROWS:
        errors.append(_wrong("rows", f"最多 {MOST_ROWS} 行", f"must have at most {MOST_ROWS} rows"))
    if errors:
        raise InvalidError(*errors[:_MOST_FAULTS])
    return every


def _unknown(now: Mapping[UUID, DutyRow], edits: Edits) -> Iterator[FieldError]:
    """Rows that are to be changed and are not there, or are named twice."""
    seen: set[UUID] = set()
    groups: dict[str, list[UUID | None]] = {
        "change": [words.duty_id for words in edits.change],
        "end": [ending.duty_id for ending in edits.end],
        "remove": list(edits.remove),
    }
    for what, ids in groups.items():
        for place, duty_id in enumerate(ids):
            field = f"{what}.{place}" + ("" if what == "remove" else ".duty_id")
            if duty_id is None or duty_id not in now:
                yield _wrong(field, "草稿中没有这一行", "the draft has no such row")
            elif duty_id in seen:
                yield _wrong(field, "同一行改了两次", "the same row is named twice")
            else:
                seen.add(duty_id)


def _read(words: RowWords, field: str) -> Duty | list[FieldError]:
    try:
        condition = parse_condition(words.condition)
    except ValueError:
        return [
            _wrong(
                f"{field}.condition",
                "时段或季节应写成 hours=22:00-06:00 或 season=10-15..04-15",
                "is not hours=22:00-06:00 or season=10-15..04-15",
            )
        ]
    return Duty(
        subject=words.subject,
        region=words.region,
        condition=condition,
        unit=words.unit,
        clause=words.clause,
        valid_from=words.valid_from,
        valid_to=words.valid_to,
    )


def _faults_of(duty: Duty, city: City, field: str) -> Iterator[FieldError]:
    known = city.catalogue
    if duty.valid_to is not None and duty.valid_to < duty.valid_from:
        zh, en = f"不能早于 {duty.valid_from}", f"must not be before {duty.valid_from}"
        yield _wrong(f"{field}.valid_to", zh, en)
    if not is_region_code(duty.region) or not known.knows_region(duty.region):
        zh, en = f"没有区划 {duty.region}", f"there is no region {duty.region}"
        yield _wrong(f"{field}.region", zh, en)
    covered = covered_by(duty.subject, city)
    if not covered:
        zh = f"{duty.subject} 既不是类别，也不是任何类别的主办职能"
        yield _wrong(f"{field}.subject", zh, f"{duty.subject} is no category and leads none")
    if duty.unit not in known.units:
        zh = f"没有单位 {duty.unit}，或该单位现在不能派单"
        yield _wrong(f"{field}.unit", zh, f"there is no unit {duty.unit} that can be whistled")
        return
    found = next((b for c in covered if (b := breach(city, c, duty.unit)) is not None), None)
    if found is not None:
        yield _wrong(f"{field}.unit", found.zh, found.en)


def covered_by(subject: str, city: City) -> tuple[str, ...]:
    """The categories that a row for this subject is about."""
    categories = city.catalogue.categories
    if subject in categories:
        return (subject,)
    return tuple(code for code, each in categories.items() if each.lead_function == subject)


def in_order(rows: Iterable[DutyRow]) -> tuple[DutyRow, ...]:
    """By subject, region, condition and first day: how a list is shown and written."""
    return tuple(sorted(rows, key=_place))


def _place(row: DutyRow) -> tuple[str, str, str, date, UUID]:
    duty = row.duty
    condition = duty.condition.text if duty.condition else ""
    return duty.subject, duty.region, condition, duty.valid_from, row.duty_id


def changes(before: Iterable[DutyRow], after: Iterable[DutyRow]) -> Changes:
    """How the list after differs from the one before."""
    old = {row.duty_id: row for row in before}
    new = {row.duty_id: row for row in after}
    return Changes(
        added=tuple(row for duty_id, row in new.items() if duty_id not in old),
        changed=tuple(
            (old[duty_id], row)
            for duty_id, row in new.items()
            if duty_id in old and old[duty_id].duty != row.duty
        ),
        removed=tuple(row for duty_id, row in old.items() if duty_id not in new),
    )


def in_place_of(rows: Sequence[DutyRow], new: DutyRow) -> tuple[DutyRow, ...]:
    """The rows with a new one; the one whose part it takes ends on the eve, or goes."""
    kept: list[DutyRow] = []
    for row in rows:
        if not at_once(row.duty, new.duty):
            kept.append(row)
        elif row.duty.valid_from < new.duty.valid_from:
            eve = new.duty.valid_from - _DAY
            kept.append(replace(row, duty=replace(row.duty, valid_to=eve)))
    return in_order((*kept, new))


def digest(rows: Iterable[DutyRow]) -> str:
    """SHA-256 over the rows in order: stands in the history for what they said."""
    texts = [[str(row.duty_id), *map(str, cells(row.duty))] for row in in_order(rows)]
    return hashlib.sha256(to_json(texts)).hexdigest()


def cells(duty: Duty) -> tuple[str, str, str, str, str, date, date | None]:
    """A row's columns in the order of the catalogue's file."""
    condition = duty.condition.text if duty.condition else ""
    return (
        *(duty.subject, duty.region, condition, duty.unit, duty.clause),
        *(duty.valid_from, duty.valid_to),
    )


def _said(duty: Duty) -> str:
    until = f"–{duty.valid_to}" if duty.valid_to else "–"
    return f"{duty.unit}, {duty.valid_from}{until}"


def _wrong(field: str, zh: str, en: str) -> FieldError:
    return FieldError(field=field, zh=zh, en=en)
