"""How bureaus plan, react, write and remember."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.city.agenda import Agenda
from deploy.city.compose import event, report_id
from deploy.city.matter import Matter, Temper, Verb
from deploy.city.plan import first_steps
from deploy.city.react import MOST_REFUSALS, Moment, called, called_again, told
from deploy.city.temper import CHARACTERS, character_of
from deploy.city.wording import public_reply, wording_for
from services.router.domain.reports.replies import Reply, alike_reply
from shared.calendar import WorkCalendar
from shared.catalogue.load import load_catalogue
from shared.contracts.bureaus import (
    Closed,
    ExtensionRefused,
    RefusalCode,
    ReportRefused,
    Resumed,
    Ruling,
    Suspended,
    Whistled,
)
from shared.contracts.envelope import Reader
from shared.contracts.parts import AssignmentState, DeadlineKind, DueChange, Result
from shared.contracts.reports import Resolved
from shared.contracts.topics import UNIT_REPORTS
from shared.contracts.values import Relation, TicketType, Urgency
from tests.unit.city.conftest import NOW, WHISTLE_ID, due

CITY = Path(__file__).parents[3] / "deploy" / "city"
CALENDAR = WorkCalendar()
Make = Callable[..., Whistled]


def moment(dice: int = 0, *, after: timedelta = timedelta(0)) -> Moment:
    return Moment(now=NOW + after, calendar=CALENDAR, rng=Random(dice))


def matter_of(view: Whistled, temper: Temper) -> Matter:
    matter = replace(called("BH-CGJ", view, seed="s", moment=moment()), temper=temper)
    steps = first_steps(matter, now=NOW, calendar=CALENDAR, rng=Random(1))
    return replace(matter, steps=steps)


def verbs(matter: Matter) -> list[Verb]:
    return [step.verb for step in matter.steps]


@given(dice=st.integers(0, 10_000), unit=st.sampled_from(["BH-CGJ", "U-GR1", "C-JW", "P-05"]))
def test_every_plan_is_in_order_and_starts_in_the_future(
    whistled: Make, dice: int, unit: str
) -> None:
    matter = called(unit, whistled(), seed="s", moment=moment(dice))
    times = [step.at for step in matter.steps]
    assert times == sorted(times)
    assert all(at >= NOW for at in times)
    resolving = [step for step in matter.steps if step.verb is Verb.RESOLVED]
    assert bool(resolving) == (matter.temper not in (Temper.SILENT, Temper.RETURNING))


def test_a_prompt_bureau_keeps_every_due_and_a_late_one_misses(whistled: Make) -> None:
    prompt = {s.verb: s.at for s in matter_of(whistled(), Temper.PROMPT).steps}
    part = whistled().assignment
    for verb, limit in (
        (Verb.ACKNOWLEDGED, part.acknowledge),
        (Verb.CONTACTED, part.contact),
        (Verb.ARRIVED, part.arrive),
        (Verb.RESOLVED, part.resolve),
    ):
        assert limit is not None
        assert prompt[verb] <= limit.by
    late = {s.verb: s.at for s in matter_of(whistled(), Temper.LATE).steps}
    assert part.acknowledge is not None
    assert part.resolve is not None
    assert late[Verb.ACKNOWLEDGED] > part.acknowledge.by
    assert late[Verb.RESOLVED] > part.resolve.by


def test_a_working_day_limit_is_planned_in_working_time(whistled: Make) -> None:
    part = replace(whistled().assignment, resolve=due("5WD", 24 * 5 + 9))
    steps = matter_of(whistled(assignment=part), Temper.SLOW).steps
    local = steps[-1].at + timedelta(hours=8)
    assert local.weekday() < 5
    assert (8, 30) <= (local.hour, local.minute) <= (17, 30)


def test_an_informed_unit_does_nothing(whistled: Make) -> None:
    assert matter_of(whistled(relation=Relation.INFORMED), Temper.PROMPT).steps == ()


def test_a_return_names_another_bureau_and_waits_for_the_ruling(whistled: Make) -> None:
    matter = matter_of(whistled(), Temper.RETURNING)
    assert verbs(matter) == [Verb.RETURN_REQUESTED]
    assert matter.suggested_unit == "C-SZZ"  # never the street below it
    sent = replace(matter, steps=(), state=AssignmentState.RETURN_REQUESTED)
    ruling = Ruling(
        whistle_id=WHISTLE_ID, seq=3, decision="back", reason="", state=AssignmentState.OFFERED
    )
    back = told(sent, ruling, moment())
    assert verbs(back)[0] is Verb.ACKNOWLEDGED
    assert verbs(back)[-1] is Verb.RESOLVED
    gone = told(sent, replace(ruling, state=AssignmentState.RETURNED), moment())
    assert gone.ended


def test_a_call_heard_twice_changes_nothing_and_a_new_part_starts_anew(whistled: Make) -> None:
    matter = replace(matter_of(whistled(relation=Relation.ASSISTING), Temper.SILENT), sent=2)
    same = called_again(matter, whistled(), seed="s", moment=moment())
    assert same is matter
    part = replace(whistled().assignment, assignment_id=UUID(int=77))
    lead = called_again(matter, whistled(assignment=part), seed="s", moment=moment(3))
    assert lead.relation is Relation.LEAD
    assert lead.sent == 2  # so that its reports get ids of their own
    assert lead.steps


def test_a_refused_extension_means_hurry(whistled: Make) -> None:
    matter = matter_of(whistled(), Temper.ASKING)
    assert Verb.EXTENSION_REQUESTED in verbs(matter)
    assert matter.resolve is not None
    assert matter.steps[-1].at > matter.resolve.by
    view = ExtensionRefused(whistle_id=WHISTLE_ID, seq=4, reason="")
    hurried = told(matter, view, moment(after=timedelta(hours=12)))
    assert hurried.steps[-1].at <= matter.resolve.by


def refusal(code: RefusalCode, state: AssignmentState | None) -> ReportRefused:
    return ReportRefused(
        report_id="r",
        topic="bureau.BH-CGJ.reports",
        partition=0,
        offset=1,
        code=code,
        zh="不符",
        en="no",
        whistle_id=WHISTLE_ID,
        state=state,
    )


def test_a_resolution_refused_for_its_state_is_tried_again_and_then_given_up(
    whistled: Make,
) -> None:
    matter = replace(matter_of(whistled(), Temper.PROMPT), steps=())
    waits = []
    for _ in range(MOST_REFUSALS):
        view = refusal(RefusalCode.WRONG_STATE, AssignmentState.WORKING)
        matter = told(matter, view, moment())
        assert verbs(matter) == [Verb.RESOLVED]
        waits.append(matter.steps[0].at - NOW)
        matter = replace(matter, steps=())
    assert waits == sorted(waits)
    matter = told(matter, refusal(RefusalCode.WRONG_STATE, AssignmentState.WORKING), moment())
    assert matter.ended


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (RefusalCode.WRONG_UNIT, None),
        (RefusalCode.UNKNOWN_WHISTLE, None),
        (RefusalCode.STALE, AssignmentState.WORKING),
        (RefusalCode.WRONG_STATE, AssignmentState.RELEASED),
    ],
)
def test_a_hopeless_refusal_ends_the_matter(
    whistled: Make, code: RefusalCode, state: AssignmentState | None
) -> None:
    matter = matter_of(whistled(), Temper.PROMPT)
    assert told(matter, refusal(code, state), moment()).ended


def test_a_return_that_may_not_be_leads_to_work(whistled: Make) -> None:
    matter = replace(matter_of(whistled(), Temper.RETURNING), steps=())
    after = told(matter, refusal(RefusalCode.INVALID, AssignmentState.OFFERED), moment())
    assert verbs(after)[0] is Verb.ACKNOWLEDGED


def test_a_closed_whistle_ends_the_matter(whistled: Make) -> None:
    matter = matter_of(whistled(), Temper.PROMPT)
    assert told(matter, Closed(whistle_id=WHISTLE_ID, seq=9), moment()).next_at is None


@pytest.mark.parametrize("verb", list(Verb))
def test_every_report_reads_back_as_its_contract(whistled: Make, verb: Verb) -> None:
    matter = matter_of(whistled(), Temper.PROMPT)
    value = event(matter, verb, now=NOW, rng=Random(3))
    read = Reader(UNIT_REPORTS.events).read(value)
    assert read is not None
    assert read.type == f"shaodao.report.{verb}.v1"
    assert read.subject == str(WHISTLE_ID)
    assert read.data.handler == matter.handler


def test_a_report_sent_twice_has_one_id_and_the_next_another(whistled: Make) -> None:
    matter = matter_of(whistled(), Temper.PROMPT)
    assert report_id(matter, Verb.RESOLVED) == report_id(matter, Verb.RESOLVED)
    assert report_id(replace(matter, sent=1), Verb.RESOLVED) != report_id(matter, Verb.RESOLVED)


def test_replies_fit_the_category() -> None:
    assert "雪" in wording_for("0111", TicketType.HELP).reply
    assert wording_for("0299", TicketType.HELP) == wording_for("02", None)
    assert wording_for(None, None).reply
    untrue = public_reply(wording_for("0101", None), Result.UNTRUE, TicketType.COMPLAIN)
    assert "未发现" in untrue


def test_a_consultation_is_answered_with_the_guide(whistled: Make) -> None:
    matter = matter_of(whistled(type=TicketType.CONSULT), Temper.PROMPT)
    read = Reader(UNIT_REPORTS.events).read(event(matter, Verb.RESOLVED, now=NOW, rng=Random(5)))
    assert read is not None
    assert isinstance(read.data, Resolved)
    assert "办事指南" in read.data.public_reply


def test_characters_are_many_and_stay() -> None:
    units = [f"U-{number}" for number in range(200)]
    drawn = [character_of(unit, seed="s") for unit in units]
    assert set(drawn) == set(CHARACTERS)
    assert drawn == [character_of(unit, seed="s") for unit in units]


def test_the_agenda_outlives_its_process(whistled: Make, tmp_path: Path) -> None:
    matter = matter_of(whistled(), Temper.PROMPT)
    assistant = replace(matter, unit="C-SZZ", relation=Relation.ASSISTING)
    with Agenda(tmp_path / "city" / "bureaus.sqlite") as agenda:
        agenda.put([matter, assistant], now=NOW)
    with Agenda(tmp_path / "city" / "bureaus.sqlite") as agenda:
        assert agenda.get("BH-CGJ", WHISTLE_ID) == matter
        assert agenda.get("C-JW", WHISTLE_ID) is None
        assert agenda.next_at(NOW) == matter.next_at
        assert agenda.due(NOW - timedelta(hours=1), limit=9) == []
        assert len(agenda.due(NOW + timedelta(days=9), limit=9)) == 2
        assert agenda.busy_assistants(matter) == 1
        agenda.put([replace(assistant, steps=())], now=NOW)
        assert agenda.busy_assistants(matter) == 1, "its last report may still be refused"
        agenda.put([replace(assistant, steps=(), state=AssignmentState.DONE)], now=NOW)
        assert agenda.busy_assistants(matter) == 0
        agenda.put([replace(matter, ended=True)], now=NOW)
        assert agenda.next_at(NOW) is None
        agenda.forget(NOW + timedelta(days=50))
        assert agenda.get("BH-CGJ", WHISTLE_ID) is None


def test_every_line_of_the_replies_is_for_a_category() -> None:
    catalogue = load_catalogue()
    known = {*catalogue.categories, *(c.major_code for c in catalogue.categories.values())}
    with (CITY / "replies.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    codes = [row["category"] for row in rows]
    assert len(set(codes)) == len(codes)
    assert set(codes) <= known
    assert {c.major_code for c in catalogue.categories.values()} <= set(codes)
    assert all(row["progress"] and row["measures"] and row["reply"] for row in rows)


def test_a_ruling_is_disputed_now_and_then_but_once(whistled: Make) -> None:
    sent = replace(matter_of(whistled(), Temper.RETURNING), steps=())
    ruling = Ruling(
        whistle_id=WHISTLE_ID, seq=3, decision="refused", reason="", state=AssignmentState.OFFERED
    )
    after = [told(sent, ruling, moment(n)) for n in range(100)]
    objecting = [matter for matter in after if matter.disputed]
    assert 10 < len(objecting) < 45
    assert {tuple(verbs(matter)) for matter in objecting} == {(Verb.DISPUTED,)}
    final = told(replace(objecting[0], steps=()), ruling, moment(3))
    assert verbs(final)[-1] is Verb.RESOLVED


def test_a_pause_stops_the_plan_and_its_end_starts_it_anew(whistled: Make) -> None:
    calm = replace(whistled().assignment, resolve=due("5WD", 24 * 5 + 9), arrive=None)
    matter = matter_of(whistled(urgency=Urgency.NORMAL, assignment=calm), Temper.SHELVING)
    planned = verbs(matter)
    assert planned.index(Verb.SUSPENSION_REQUESTED) < planned.index(Verb.RESOLVED)
    review = due("10d", 240)
    paused = told(
        matter,
        Suspended(whistle_id=WHISTLE_ID, seq=4, reason="资金未落实", review_by=review),
        moment(),
    )
    assert (paused.state, paused.steps) == (AssignmentState.PAUSED, ())
    later = due("30wh", 24 * 16)
    change = DueChange(
        assignment_id=matter.assignment_id,
        unit="BH-CGJ",
        kind=DeadlineKind.RESOLVE,
        due=later,
    )
    on = told(
        paused,
        Resumed(whistle_id=WHISTLE_ID, seq=5, changes=(change,)),
        moment(after=timedelta(days=10)),
    )
    assert on.resolve == later
    assert Verb.SUSPENSION_REQUESTED not in verbs(on)
    assert verbs(on)[-1] is Verb.RESOLVED


def test_replies_are_about_the_one_matter_and_templates_are_rare(whistled: Make) -> None:
    matter = matter_of(whistled(), Temper.PROMPT)
    replies = []
    for n in range(60):
        value = event(replace(matter, sent=n), Verb.RESOLVED, now=NOW, rng=Random(n))
        read = Reader(UNIT_REPORTS.events).read(value)
        assert read is not None
        assert read.data.contacted_how is not None
        replies.append(read.data.public_reply)
    earlier = [
        Reply(
            whistle_id=UUID(int=n), ticket_id=UUID(int=n), unit="BH-CGJ", number="", text=text,
            at=NOW,
        )
        for n, text in enumerate(replies)
    ]  # fmt: skip
    alike = [
        alike_reply(reply.text, earlier[:n], ticket_id=reply.ticket_id, at_least=0.9)
        for n, reply in enumerate(earlier)
    ]
    assert sum(found is not None for found in alike) <= 3
    hasty = [
        read.data.public_reply
        for n in range(60)
        if (
            read := Reader(UNIT_REPORTS.events).read(
                event(replace(matter, temper=Temper.SLOW), Verb.RESOLVED, now=NOW, rng=Random(n))
            )
        )
    ]
    assert 5 < sum(not text.startswith("关于") for text in hasty) < 30
