"""What joint matters promise: the street's window, own effort, marks, and work done again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.notifier import channels
from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.domain.joint_facts import evaluator_id
from services.notifier.domain.promises import Change, fire
from shared.contracts import joint, whistles
from shared.contracts.ids import deadline_id
from shared.contracts.parts import BlownBy, DeadlineKind, DueChange
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ESCALATION, HOUR, PART, UNIT, WHISTLE, due_of, local
from tests.unit.notifier.test_notifier_channels import WORDING
from tests.unit.notifier.world import World

K, S = DeadlineKind, DeadlineState
START = local("2026-09-14 09:00")
COMMUNITY, STREET = "Q-159902001001", "S-159902001"
MINUTE = timedelta(minutes=1)


def fact(kind: Any, **fields: Any) -> Any:
    about = {"seq": 5, "actor": samples.ACTOR, "whistle_id": WHISTLE, "ticket_ids": ()}
    return kind(**about, **fields)


def community_s_whistle() -> World:
    """A community's emergency, blown without a note of own effort and without any ticket."""
    world = World()
    blown = replace(
        samples.blown(START),
        ticket_ids=(),
        blown_by=BlownBy(unit=COMMUNITY, level="community"),
        takeover_by=due_of("30m", START),
        own_effort_by=due_of("24h", START),
    )
    world.hear((blown, START))
    return world


def of(world: World, kind: DeadlineKind, owner: UUID = WHISTLE) -> Deadline:
    return world.deadlines[deadline_id(owner, kind, 1)]


def test_a_community_s_whistle_opens_the_street_s_window_and_asks_for_the_note() -> None:
    world = community_s_whistle()
    window, note = of(world, K.TAKEOVER), of(world, K.OWN_EFFORT)
    assert (window.unit, window.due.rule) == (None, "30m"), "nobody must take over"
    assert (note.unit, note.due.rule) == (COMMUNITY, "24h")
    after, steps = fire(window, START + HOUR, ESCALATION)
    assert after.state is S.MISSED
    change = Change(before=window, after=after, steps=tuple(steps))
    assert channels.notice(change, WORDING) is None
    assert len(list(channels.facts(change, policy="p"))) == 1, "its owner is told that it is over"


def test_taken_over_and_noted_in_time() -> None:
    world = community_s_whistle()
    by = BlownBy(unit=STREET, level="street", on_behalf_of=COMMUNITY)
    world.hear(
        (fact(joint.TakenOver, by=by, reason="统一牵头"), START + 10 * MINUTE),
        (fact(joint.EffortNoted, own_effort="已疏散"), START + HOUR),
    )
    assert (of(world, K.TAKEOVER).state, of(world, K.OWN_EFFORT).state) == (S.MET, S.MET)


def test_a_whistle_that_is_withdrawn_leaves_no_timer() -> None:
    world = community_s_whistle()
    world.hear((fact(whistles.Withdrawn, reason="重复吹哨"), START + MINUTE))
    assert {deadline.state for deadline in world.deadlines.values()} == {S.CANCELLED}


def test_every_evaluator_owes_its_marks_and_is_reminded() -> None:
    world = community_s_whistle()
    accepted = fact(
        joint.Accepted, evaluate_by=due_of("3WD", START), evaluators=(COMMUNITY, STREET)
    )
    world.hear((accepted, START))
    mine, theirs = (of(world, K.EVALUATION, evaluator_id(WHISTLE, u)) for u in (COMMUNITY, STREET))
    assert (mine.unit, theirs.unit) == (COMMUNITY, STREET)
    marks = {"timely": 30, "present": 20, "effect": 35, "cooperation": 15, "unit": UNIT}
    said = {"evaluator_class": "community", "by_unit": COMMUNITY, **marks}
    world.hear((fact(joint.Evaluated, **said), START + HOUR))
    unfinished = of(world, K.EVALUATION, evaluator_id(WHISTLE, COMMUNITY))
    assert unfinished.state is S.RUNNING, "not every unit is rated yet"
    world.hear((fact(joint.Evaluated, **said, complete=True), START + 2 * HOUR))
    assert of(world, K.EVALUATION, evaluator_id(WHISTLE, COMMUNITY)).state is S.MET
    after, steps = fire(theirs, START + 24 * 7 * HOUR, ESCALATION)
    notice = channels.notice(Change(before=theirs, after=after, steps=tuple(steps)), WORDING)
    assert after.state is S.MISSED
    assert notice is not None
    assert "考核评价" in notice.payload
    assert notice.topic == f"bureau.{STREET}.notices"


def failed(rule: str = "2WD", at: timedelta = HOUR) -> joint.AcceptanceFailed:
    change = DueChange(assignment_id=PART, unit=UNIT, kind=K.RESOLVE, due=due_of(rule, START + at))
    found: joint.AcceptanceFailed = fact(
        joint.AcceptanceFailed, changes=(change,), reason="未完成", units=(UNIT,)
    )
    return found


def test_work_sent_back_runs_again_with_its_new_limit() -> None:
    world = community_s_whistle()
    resolved = samples.resolved(START + HOUR)
    world.hear((resolved, START + HOUR))
    assert of(world, K.RESOLVE, PART).state is S.MET
    world.hear((failed(at=2 * HOUR), START + 2 * HOUR))
    again = of(world, K.RESOLVE, PART)
    assert (again.state, again.due.rule, again.late) == (S.RUNNING, "2WD", False)


def test_a_part_that_promised_nothing_promises_it_now() -> None:
    world = community_s_whistle()
    del world.deadlines[deadline_id(PART, K.RESOLVE, 1)]
    world.hear((failed(), START + HOUR))
    opened = of(world, K.RESOLVE, PART)
    assert (opened.state, opened.unit, opened.number) == (S.RUNNING, UNIT, "W1")
    world.hear((failed("1WD"), START + HOUR))
    assert of(world, K.RESOLVE, PART).due.rule == "1WD"
