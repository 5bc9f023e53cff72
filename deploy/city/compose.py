"""Writes a bureau's report: a step of its plan as a contract value, and that as an event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID, uuid5

from deploy.city.matter import Matter, Temper, Verb
from deploy.city.temper import GIVEN, SURNAMES
from deploy.city.wording import (
    ASSISTING,
    CLAUSES,
    FACTS,
    OBJECTIONS,
    REASONS_FOR_A_PAUSE,
    REASONS_FOR_MORE_TIME,
    Wording,
    own_words,
    public_reply,
    result_for,
    wording_for,
)
from shared.contracts import envelope, reports
from shared.contracts.parts import Evidence, Handler, Result
from shared.contracts.reports import ArrivalMode, ContactMeans
from shared.contracts.values import Relation

HASTY = frozenset({Temper.SLOW, Temper.LATE})
PASTES = 0.3  # how often who is in a hurry sends the words it always sends


def report_id(matter: Matter, verb: Verb) -> UUID:
    """The same report sent again, after a crash, has the same id."""
    return uuid5(matter.whistle_id, f"{matter.unit}/{matter.sent}/{verb}")


def report(matter: Matter, verb: Verb, *, now: datetime, rng: Random) -> reports.Report:
    """The report of this verb about this matter, made at `now`."""
    return _COMPOSERS[verb](matter, now, rng)


def event(matter: Matter, verb: Verb, *, now: datetime, rng: Random) -> bytes:
    """The report as the value of a Kafka record."""
    return envelope.write(
        event_id=report_id(matter, verb),
        source=f"/department/{matter.unit}",
        subject=str(matter.whistle_id),
        time=now,
        data=report(matter, verb, now=now, rng=rng),
    ).encode()


def _who(matter: Matter, now: datetime) -> dict[str, Any]:
    return {"whistle_id": matter.whistle_id, "handler": matter.handler, "at": now}


def _acknowledged(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    return reports.Acknowledged(**_who(matter, now))


def _contacted(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    how = rng.choices(list(ContactMeans), (80, 15, 5))[0]
    return reports.Contacted(how=how, **_who(matter, now))


def _departed(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    return reports.Departed(eta_minutes=rng.randint(5, 40), **_who(matter, now))


def _handed_over(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    """To a colleague of the same section."""
    name = rng.choice(SURNAMES) + rng.choice(GIVEN)
    to = Handler(name=name, post=matter.handler.post)
    return reports.HandedOver(to=to, note="按片区转交经办", **_who(matter, now))


def _arrived(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    near = matter.lat is not None and matter.lon is not None
    return reports.Arrived(
        mode=rng.choices(list(ArrivalMode), (95, 5))[0],
        lat=round(matter.lat + rng.uniform(-3e-4, 3e-4), 6) if near and matter.lat else None,
        lon=round(matter.lon + rng.uniform(-3e-4, 3e-4), 6) if near and matter.lon else None,
        head_count=rng.randint(1, 5),
        **_who(matter, now),
    )


def _wording(matter: Matter, rng: Random) -> Wording:
    """A lead writes about the matter, an assisting unit about its help."""
    if matter.relation is Relation.ASSISTING:
        return rng.choice(ASSISTING)
    return wording_for(matter.category, matter.type)


def _progressed(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    return reports.Progressed(text=f"{_wording(matter, rng).progress}。", **_who(matter, now))


def _return_requested(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    reason, clause = rng.choice(CLAUSES)
    return reports.ReturnRequested(
        reason=reason,
        clause=clause,
        suggested_unit=matter.suggested_unit,
        **_who(matter, now),
    )


def _disputed(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    return reports.Disputed(
        reason=rng.choice(OBJECTIONS), suggested_unit=matter.suggested_unit, **_who(matter, now)
    )


def _suspension_requested(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    code, reason, plan = rng.choice(REASONS_FOR_A_PAUSE)
    return reports.SuspensionRequested(code=code, reason=reason, plan=plan, **_who(matter, now))


def _extension_requested(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    return reports.ExtensionRequested(
        amount=rng.choice((2, 3, 5)),
        unit="WD",
        reason=rng.choice(REASONS_FOR_MORE_TIME),
        **_who(matter, now),
    )


def _resolved(matter: Matter, now: datetime, rng: Random) -> reports.Report:
    assisting = matter.relation is Relation.ASSISTING
    wording = _wording(matter, rng)
    result = Result.SOLVED if assisting else result_for(matter.type, rng)
    seen = matter.arrive is not None or rng.random() < 0.5
    reply = public_reply(wording, result, matter.type)
    if assisting or matter.redone or matter.temper not in HASTY or rng.random() > PASTES:
        reply = own_words(matter.title, reply, rng)
    return reports.Resolved(
        result=result,
        facts_true=FACTS[result],
        measures=f"{wording.measures}。",
        public_reply=reply,
        internal_reply=f"{matter.handler.post or ''}{matter.handler.name}办结，台账已归档。",
        evidence=(Evidence(kind="photo", taken_at=now),) if seen else (),
        contacted_how=None if matter.contact is None else ContactMeans.PHONE,
        **_who(matter, now),
    )


_COMPOSERS: Mapping[Verb, Callable[[Matter, datetime, Random], reports.Report]] = {
    Verb.ACKNOWLEDGED: _acknowledged,
    Verb.CONTACTED: _contacted,
    Verb.DEPARTED: _departed,
    Verb.ARRIVED: _arrived,
    Verb.HANDED_OVER: _handed_over,
    Verb.PROGRESSED: _progressed,
    Verb.RETURN_REQUESTED: _return_requested,
    Verb.DISPUTED: _disputed,
    Verb.EXTENSION_REQUESTED: _extension_requested,
    Verb.SUSPENSION_REQUESTED: _suspension_requested,
    Verb.RESOLVED: _resolved,
}
