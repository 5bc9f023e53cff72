"""What the notifier says: facts about promises on `deadlines`, notices to units on their topics."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.notifier.domain.deadline import SYSTEM, Deadline
from services.notifier.domain.escalation import SILENT, Rung
from services.notifier.domain.known import Called
from services.notifier.domain.mould import EVENT_ID, SEQ, Moulds, filling, likeness, stand_in
from services.notifier.domain.promises import Change, Step, What
from services.notifier.domain.supervision import Supervision
from shared.calendar import SHANGHAI
from shared.contracts import deadlines, ids, notices
from shared.contracts.parts import Actor, DeadlineKind
from shared.contracts.topics import DEADLINES, UNIT_NOTICES, unit_topic
from shared.runtime.outbox import Outgoing, outgoing

SOURCE = "/shaodao/notifier"
TEMPLATES = Path(__file__).parent / "templates" / "notices.toml"
URGED = "urged"
DIGEST, LIAISON = "digest", "liaison"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One thing said in both languages."""

    zh: str
    en: str

    def about(self, **values: object) -> "Sentence":
        return Sentence(zh=self.zh.format(**values), en=self.en.format(**values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The sentences of notices; a rung or level of another policy falls to the nearest one."""

    what: Mapping[DeadlineKind, Sentence]
    due_soon: Mapping[str, Sentence]
    overdue: Mapping[int, Sentence]
    urged: Sentence
    supervised: Sentence
    moulds: Moulds = field(default_factory=Moulds, init=False, repr=False, compare=False)

    def rung(self, deadline: Deadline, rung: Rung, *, overdue: bool) -> Sentence:
        """What the unit is told when a rung of its promise fired."""
        sentence = self.overdue_at(rung.level) if overdue else self.soon_at(rung.name)
        return self.promise(sentence, deadline.kind, deadline.number, deadline.due.by)

    def promise(
        self, sentence: Sentence, kind: DeadlineKind, number: str, due_by: datetime
    ) -> Sentence:
        """A sentence about one promise."""
        what, due = self.what[kind], f"{due_by.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        zh = sentence.zh.format(number=number, what=what.zh, due=due)
        en = sentence.en.format(number=number, what=what.en, due=due)
        return Sentence(zh=zh, en=en)

    def overdue_at(self, level: int) -> Sentence:
        return self.overdue[min(level, max(self.overdue))]

    def soon_at(self, name: str) -> Sentence:
        return self.due_soon.get(name) or next(iter(self.due_soon.values()))


def load_wording(path: Path = TEMPLATES) -> Wording:
    """The sentences of a file; raises KeyError or TOMLDecodeError where one is missing or wrong."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))

    def sentences(name: str) -> dict[str, Sentence]:
        return {key: Sentence(zh=each["zh"], en=each["en"]) for key, each in table[name].items()}

    return Wording(
        what={kind: sentences("what")[kind] for kind in DeadlineKind if kind not in SILENT},
        due_soon=sentences("due_soon"),
        overdue={int(level): sentence for level, sentence in sentences("overdue").items()},
        urged=sentences("urged")[URGED],
        supervised=sentences("supervised")["supervised"],
    )


def facts(change: Change, *, policy: str) -> Iterable[Outgoing]:
    """What others are told of a promise's steps, in order."""
    for place, step in enumerate(change.steps, start=change.after.seq + 1):
        if step.what in _FACTS:
            id_ = ids.rung_id(step.after.deadline_id, step.after.round, _occasion(step))
            yield _fact(step, seq=place, policy=policy, event_id=id_)


def _fact(step: Step, *, seq: int, policy: str, event_id: UUID) -> Outgoing:
    after = step.after
    return outgoing(
        _FACTS[step.what](step, _fields(step, seq=seq, policy=policy)),
        topic=DEADLINES.name,
        source=SOURCE,
        event_id=event_id,
        subject=str(after.subject),
        time=step.at,
        traceparent=after.traceparent,
    )


def fired(
    change: Change, wording: Wording, *, policy: str
) -> tuple[list[Outgoing], Outgoing | None]:
    """The facts and the notice of rungs that fired, as `facts` and `notice` make them.

    One rung of a promise at a time is the rule, and its texts are cast: thousands may fire at once.
    """
    if len(change.steps) != 1 or change.steps[0].rung is None:
        return list(facts(change, policy=policy)), notice(change, wording)
    step, after, rung = change.steps[0], change.after, change.steps[0].rung
    alike = (*likeness(after), step.what, step.at, rung.name, rung.level, rung.audience, policy)
    filled = filling(after)

    def cast(what: str, topic: str, occasion: str, write: Callable[[Step], Outgoing]) -> Outgoing:
        def stand_ins() -> tuple[str, str]:
            made = write(replace(step, after=stand_in(after)))
            return made.type, made.payload

        event_id = ids.rung_id(after.deadline_id, after.round, occasion)
        type_, payload = wording.moulds.cast(
            (what, *alike), stand_ins, filled, event=event_id, seq=after.seq + 1
        )
        return Outgoing(
            event_id=event_id,
            topic=topic,
            key=str(after.subject),
            type=type_,
            payload=payload,
            traceparent=after.traceparent,
        )

    occasion = _occasion(step)
    fact = cast(
        "fact",
        DEADLINES.name,
        occasion,
        lambda one: _fact(one, seq=SEQ, policy=policy, event_id=EVENT_ID),
    )
    if after.unit is None or after.kind in SILENT:
        return [fact], None
    told = cast(
        "notice",
        unit_topic(UNIT_NOTICES, after.unit),
        f"{occasion}/notice",
        lambda one: _told(one, rung.audience, wording, event_id=EVENT_ID),
    )
    return [fact], told


def _occasion(step: Step) -> str:
    """The rung, told apart from the same one of an earlier term."""
    name = step.rung.name if step.rung else step.what
    term = step.after.term
    return name if term == 1 else f"{name}/{term}"


def _fields(step: Step, *, seq: int, policy: str) -> dict[str, object]:
    after = step.after
    return {
        "seq": seq,
        "actor": step.actor,
        "policy": policy,
        "canary": after.canary,
        "deadline_id": after.deadline_id,
        "kind": after.kind,
        "round": after.round,
        "due": after.due,
        "ticket_id": after.ticket_id,
        "whistle_id": after.whistle_id,
        "assignment_id": after.assignment_id,
        "unit": after.unit,
    }


def _warned(step: Step, fields: dict[str, object]) -> deadlines.Warned:
    return deadlines.Warned(rung=_rung(step).name, **fields)  # type: ignore[arg-type]


def _missed(_step: Step, fields: dict[str, object]) -> deadlines.Missed:
    return deadlines.Missed(**fields)  # type: ignore[arg-type]


def _climbed(step: Step, fields: dict[str, object]) -> deadlines.RungClimbed:
    rung = _rung(step)
    return deadlines.RungClimbed(level=rung.level, rung=rung.name, **fields)  # type: ignore[arg-type]


def _corrected(step: Step, fields: dict[str, object]) -> deadlines.Corrected:
    met_at = step.after.met_at or step.at
    return deadlines.Corrected(met_at=met_at, **fields)  # type: ignore[arg-type]


def _rung(step: Step) -> Rung:
    if step.rung is None:
        raise ValueError(f"{step.what} without a rung")
    return step.rung


_FACTS: Mapping[What, Callable[[Step, dict[str, object]], deadlines.DeadlineFact]] = {
    What.WARNED: _warned,
    What.MISSED: _missed,
    What.CLIMBED: _climbed,
    What.CORRECTED: _corrected,
}


def notice(change: Change, wording: Wording) -> Outgoing | None:
    """What the unit is told: of several rungs at once the last, for the audience of all."""
    fired = [step for step in change.steps if step.rung is not None]
    if not fired or change.after.unit is None or change.after.kind in SILENT:
        return None
    last = fired[-1]
    audience = dict.fromkeys(name for step in fired for name in _rung(step).audience)
    occasion = f"{_occasion(last)}/notice"
    event_id = ids.rung_id(last.after.deadline_id, last.after.round, occasion)
    return _told(last, tuple(audience), wording, event_id=event_id)


def _told(step: Step, audience: tuple[str, ...], wording: Wording, *, event_id: UUID) -> Outgoing:
    return outgoing(
        _notice(step, audience, wording),
        topic=unit_topic(UNIT_NOTICES, step.after.unit or ""),
        source=SOURCE,
        event_id=event_id,
        subject=str(step.after.subject),
        time=step.at,
        traceparent=step.after.traceparent,
    )


def _notice(step: Step, audience: tuple[str, ...], wording: Wording) -> notices.Notice:
    after, rung = step.after, _rung(step)
    overdue = step.what is not What.WARNED
    sentence = wording.rung(after, rung, overdue=overdue)
    fields: dict[str, object] = {
        "unit": after.unit,
        "zh": sentence.zh,
        "en": sentence.en,
        "whistle_id": after.whistle_id,
        "ticket_ids": after.ticket_ids,
        "audience": audience,
        "deadline_id": after.deadline_id,
        "kind": after.kind,
        "rung": rung.name,
        "due": after.due,
    }
    if overdue:
        return notices.Overdue(level=rung.level, **fields)  # type: ignore[arg-type]
    return notices.DueSoon(**fields)  # type: ignore[arg-type]


def urged(
    called: Called,
    *,
    ticket_id: UUID,
    seq: int,
    count: int,
    at: datetime,
    wording: Wording,
    traceparent: str | None,
) -> Outgoing:
    """The citizen's urging, told to one unit."""
    sentence = wording.urged.about(number=called.number, count=count)
    return outgoing(
        notices.Urged(
            unit=called.unit,
            zh=sentence.zh,
            en=sentence.en,
            whistle_id=called.whistle_id,
            ticket_ids=called.ticket_ids,
            audience=("handler", "liaison"),
            count=count,
        ),
        topic=unit_topic(UNIT_NOTICES, called.unit),
        source=SOURCE,
        event_id=ids.view_id(ticket_id, seq, called.unit, f"{URGED}/{called.whistle_id}"),
        subject=str(called.whistle_id),
        time=at,
        traceparent=traceparent,
    )


def supervised(
    supervision: Supervision,
    wording: Wording,
    *,
    at: datetime,
    reason: str | None = None,
    outage_id: UUID | None = None,
) -> Iterable[Outgoing]:
    """A written answer is asked for, at a higher level, or (the reason) by another time."""
    s = supervision
    yield _of_supervision(
        s,
        deadlines.Supervised(
            level=s.level,
            words=s.words,
            answer_by=s.answer_by,
            source=s.source,
            reason=reason,
            outage_id=outage_id,
            **_supervision_fields(s, SYSTEM if reason else s.asked_by),  # type: ignore[arg-type]
        ),
        at=at,
    )
    if s.unit is None or s.answered_at is not None:
        return
    by = f"{s.answer_by.by.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    sentence = wording.supervised.about(number=s.number, level=s.level, words=s.words, due=by)
    yield outgoing(
        notices.Supervised(
            unit=s.unit,
            zh=sentence.zh,
            en=sentence.en,
            whistle_id=s.whistle_id,
            ticket_ids=s.ticket_ids,
            audience=("unit_leader", "liaison"),
            level=s.level,
            answer_by=s.answer_by,
            supervision_id=s.supervision_id,
        ),
        topic=unit_topic(UNIT_NOTICES, s.unit),
        source=SOURCE,
        event_id=ids.rung_id(s.deadline_id, s.round, f"supervised/{s.seq}/notice"),
        subject=str(s.whistle_id or s.ticket_id),
        time=at,
        traceparent=s.traceparent,
    )


def supervision_answered(supervision: Supervision) -> Outgoing:
    """The unit's written answer."""
    s = supervision
    if s.answered_by is None or s.answered_at is None or s.answer is None:
        raise ValueError(f"supervision {s.supervision_id} has no answer")
    fact = deadlines.SupervisionAnswered(
        words=s.answer,
        late=s.late,
        **_supervision_fields(s, s.answered_by),  # type: ignore[arg-type]
    )
    return _of_supervision(s, fact, at=s.answered_at)


def _of_supervision(s: Supervision, fact: deadlines.DeadlineFact, *, at: datetime) -> Outgoing:
    return outgoing(
        fact,
        topic=DEADLINES.name,
        source=SOURCE,
        event_id=ids.rung_id(s.deadline_id, s.round, f"supervision/{s.seq}"),
        subject=str(s.whistle_id or s.ticket_id),
        time=at,
        traceparent=s.traceparent,
    )


def _supervision_fields(s: Supervision, actor: Actor) -> dict[str, object]:
    return {
        "seq": s.seq,
        "actor": actor,
        "policy": s.answer_by.policy,
        "canary": s.canary,
        "deadline_id": s.deadline_id,
        "kind": DeadlineKind.SUPERVISION,
        "round": s.round,
        "due": s.answer_by,
        "ticket_id": s.ticket_id,
        "whistle_id": s.whistle_id,
        "unit": s.unit,
        "supervision_id": s.supervision_id,
    }


def digest(
    unit: str, *, text: Sentence, about: UUID, count: int, digest_id: UUID, at: datetime
) -> Outgoing:
    """The digest that a unit's liaison gets; each of its matters was told by itself before."""
    return outgoing(
        notices.Digest(
            unit=unit,
            zh=text.zh,
            en=text.en,
            whistle_id=about,
            audience=(LIAISON,),
            count=count,
        ),
        topic=unit_topic(UNIT_NOTICES, unit),
        source=SOURCE,
        event_id=ids.view_id(digest_id, 1, unit, DIGEST),
        subject=str(about),
        time=at,
    )
