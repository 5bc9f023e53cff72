"""What is told of a promise: facts, and notices in two languages."""

from datetime import timedelta

import pytest
from pydantic_core import from_json

from services.notifier import channels
from services.notifier.channels import load_wording
from services.notifier.domain.deadline import Command
from services.notifier.domain.escalation import SILENT
from services.notifier.domain.promises import Change, Order, fire, obey
from shared.contracts import deadlines, ids, notices
from shared.contracts.envelope import Reader
from shared.contracts.parts import DeadlineKind
from shared.contracts.topics import DEADLINES, UNIT_NOTICES
from shared.contracts.values import Urgency
from tests.unit.notifier.samples import ACTOR, ESCALATION, HOUR, TICKET, UNIT, WHISTLE, a_deadline

WORDING = load_wording()
POLICY = ESCALATION.limits.version


def fired(deadline, now):
    after, steps = fire(deadline, now, ESCALATION)
    return Change(before=deadline, after=after, steps=tuple(steps))


def obeyed(deadline, command, at):
    after, steps = obey(deadline, Order(command=command, at=at, actor=ACTOR), ESCALATION)
    return Change(before=deadline, after=after, steps=tuple(steps))


def read(row, topic=DEADLINES):
    return Reader(topic.events).read(row.payload.encode())


def test_one_fact_a_rung_with_the_id_of_deadline_round_and_rung():
    deadline = a_deadline()
    change = fired(deadline, ESCALATION.rungs_of(deadline)[3].fire_at)
    rows = list(channels.facts(change, policy=POLICY))
    assert [row.event_id for row in rows] == [
        ids.rung_id(deadline.deadline_id, 1, rung)
        for rung in ("yellow", "red", "due", "district_supervision")
    ]
    events = [read(row) for row in rows]
    assert [type(e.data) for e in events] == [
        *(deadlines.Warned, deadlines.Warned, deadlines.Missed, deadlines.RungClimbed)
    ]
    assert [e.data.seq for e in events] == [1, 2, 3, 4]
    assert [e.time for e in events] == [r.fire_at for r in ESCALATION.rungs_of(deadline)[:4]]
    assert {(row.key, row.topic) for row in rows} == {(str(WHISTLE), "deadlines")}
    climbed = events[-1].data
    assert (climbed.level, climbed.unit, climbed.kind) == (2, UNIT, DeadlineKind.RESOLVE)
    assert (climbed.ticket_id, climbed.due, climbed.policy) == (TICKET, deadline.due, POLICY)


def test_a_correction_and_a_second_miss_have_ids_of_their_own():
    deadline = a_deadline()
    first = fired(deadline, deadline.due.by)
    corrected = obeyed(first.after, Command.MEET, deadline.due.by)
    rows = list(channels.facts(corrected, policy=POLICY))
    assert [read(row).data.met_at for row in rows] == [deadline.due.by]
    reopened = obeyed(corrected.after, Command.REOPEN, deadline.due.by)
    second = fired(reopened.after, deadline.due.by)
    missed = [row for change in (first, second) for row in channels.facts(change, policy=POLICY)]
    assert len({row.event_id for row in [*rows, *missed]}) == len([*rows, *missed])


def test_silent_steps_are_not_told():
    deadline = a_deadline()
    change = obeyed(deadline, Command.MEET, deadline.due.started_at + HOUR)
    assert len(change.steps) == 1
    assert list(channels.facts(change, policy=POLICY)) == []
    assert channels.notice(change, WORDING) is None


def test_a_warning_is_told_to_the_unit_in_both_languages():
    deadline = a_deadline(DeadlineKind.ACKNOWLEDGE, "4wh", started="2026-09-10 16:00")
    row = channels.notice(fired(deadline, deadline.fire_at), WORDING)
    notice = read(row, UNIT_NOTICES).data
    assert isinstance(notice, notices.DueSoon)
    assert row.topic == f"bureau.{UNIT}.notices"
    assert row.key == str(WHISTLE)
    assert notice.zh == "哨单 W1 的签收时限为 2026-09-11 11:00，黄色预警，请抓紧办理。"
    assert notice.en.startswith("Whistle W1: acknowledgement is due at 2026-09-11 11:00.")
    assert (notice.audience, notice.rung) == (("handler", "liaison"), "yellow")
    assert notice.ticket_ids == (TICKET,)


def test_rungs_past_at_once_are_one_notice_of_the_highest_for_all_their_audiences():
    deadline = a_deadline(rule="24h", urgency=Urgency.URGENT)
    change = fired(deadline, deadline.due.by + 5 * HOUR)
    row = channels.notice(change, WORDING)
    notice = read(row, UNIT_NOTICES).data
    assert isinstance(notice, notices.Overdue)
    assert (notice.level, notice.rung) == (3, "district_leader")
    assert notice.audience == (
        *("handler", "liaison", "section_head", "supervisor", "unit_leader"),
        *("district_supervisor", "district_leader"),
    )
    assert "已报区领导督办" in notice.zh


@pytest.mark.parametrize("level", range(6))
@pytest.mark.parametrize("kind", [k for k in DeadlineKind if k not in SILENT])
def test_every_kind_and_level_has_its_sentence(kind, level):
    deadline = a_deadline(kind)
    rung = ESCALATION.rungs_of(a_deadline())[2]
    for overdue in (True, False):
        said = WORDING.rung(deadline, rung, overdue=overdue)
        assert "W1" in said.zh
        assert "W1" in said.en
        assert "{" not in said.zh + said.en
    assert WORDING.overdue[level].zh


def test_no_notice_for_a_ticket_s_own_promise_or_a_timer_between_services():
    deemed = a_deadline(DeadlineKind.DEEMED, "4wh*2")
    change = fired(deemed, deemed.due.by + timedelta(days=1))
    assert channels.notice(change, WORDING) is None
    assert [read(row).data.kind for row in channels.facts(change, policy=POLICY)] == [
        DeadlineKind.DEEMED
    ]


def test_the_payload_is_of_the_contract():
    deadline = a_deadline()
    row = channels.notice(fired(deadline, deadline.due.by), WORDING)
    body = from_json(row.payload)
    assert body["type"] == row.type == "shaodao.notice.overdue.v1"
    assert body["subject"] == row.key
