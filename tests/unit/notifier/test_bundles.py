"""Bundles: nobody starves, nothing is lost, each rung is told once to each receiver a round."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.channels import load_wording
from services.notifier.domain.promises import Change, fire
from services.notifier.domain.telling.addressing import Addressing
from services.notifier.domain.telling.bundle import BundleKind, bundles, ripe, spoken
from services.notifier.domain.telling.message import Message, MessageState, Occasion, Way
from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.domain.telling.serving import ended, serve, settled
from services.notifier.wording import Named, load_digests
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from tests.unit.notifier.samples import ESCALATION, UNIT, a_deadline, local
from tests.unit.notifier.telling_samples import (
    RULES,
    a_message,
    at_seat,
    person,
    roster,
    shift,
    waiting,
)

NOW = local("2026-09-14 10:00")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ME = at_seat(Seat(Post.HANDLER, UNIT))
DIGESTS = load_digests(load_wording())


def turn(*messages, now=NOW, rota=None, **flags):
    held = [waiting(each, **flags) for each in messages]
    return serve(ME, held, on_duty=(rota or roster()).at(now), rules=RULES)


def test_the_first_of_a_window_takes_along_what_came_within_it():
    first = a_message("a", at=NOW - 10 * MINUTE, send_at=NOW)
    within = a_message("b", at=NOW - MINUTE, send_at=NOW + 9 * MINUTE)
    tomorrow = a_message("c", at=NOW - MINUTE, way=Way.DAILY, send_at=NOW + timedelta(days=1))
    assert {m.subject.number for m in ripe([first, within, tomorrow], NOW, RULES)} == {"W-a", "W-b"}
    assert ripe([within, tomorrow], NOW, RULES) == []
    alone = a_message("d", at=NOW, way=Way.AT_ONCE, send_at=NOW, urgency=Urgency.URGENT)
    assert ripe([alone, within], NOW, RULES) == [alone]


def test_nothing_is_taken_along_into_the_quiet_hours():
    night = local("2026-09-15 02:00")
    released = replace(
        a_message("a", at=night, urgency=Urgency.CRITICAL), way=Way.RELEASED, send_at=night
    )
    morning = a_message("b", at=night, send_at=local("2026-09-15 07:30"))
    assert ripe([released, morning], night, RULES) == [released]


def test_a_promise_is_spoken_of_once_by_its_last_word():
    yellow = a_message("y", at=NOW - HOUR, matter="one")
    due = a_message("d", at=NOW, matter="one", level=1, occasion=Occasion.OVERDUE)
    other = a_message("o", at=NOW, due_by=NOW - HOUR)
    (bundle,) = turn(yellow, due, other).bundles
    assert [m.subject.number for m in bundle.spoken] == ["W-o", "W-d"]  # the soonest due first
    assert {m.message_id for m in bundle.messages} == {
        each.message_id for each in (yellow, due, other)
    }


def test_a_single_matter_is_a_sentence_and_several_are_lines_with_an_end():
    (single,) = turn(a_message("a", at=NOW)).bundles
    assert single.kind is BundleKind.SINGLE
    assert "W-a" in DIGESTS.say(single, lines=8, done=0).text.zh
    many = [a_message(f"{n:02}", at=NOW, due_by=NOW + n * HOUR) for n in range(11)]
    (bundle,) = turn(*many).bundles
    said = DIGESTS.say(bundle, lines=8, done=2)
    lines = said.text.zh.splitlines()
    assert said.title.zh == "办理提醒 11 件"
    assert lines[0] == "1. W-00 办结，09-14 10:00 到期"
    assert lines[8:] == ["另有 3 件", "其间另有 2 件已无须处理"]
    assert len(said.text.en.splitlines()) == len(lines)
    assert "resolution" in said.text.en


def test_a_number_is_followed_by_the_matter_and_by_the_unit_for_others():
    message = a_message("a", at=NOW)
    subject = message.subject
    named = Named(
        units={subject.unit: "市水务局", message.seat.place: "自己"},
        matters={subject.about: "路灯不亮"},
    )
    (own,) = turn(replace(message, subject=replace(subject, unit=message.seat.place))).bundles
    assert "W-a（路灯不亮）" in DIGESTS.say(own, lines=8, done=0, named=named).text.zh
    (other,) = turn(replace(message, subject=replace(subject, unit="B-SW"))).bundles
    named = replace(named, units={"B-SW": "市水务局"})
    said = DIGESTS.say(other, lines=8, done=0, named=named)
    assert "W-a（路灯不亮 · 市水务局）" in said.text.zh
    assert "W-a (路灯不亮 · 市水务局)" in said.text.en


def test_many_at_once_are_bundled_as_well():
    few = [a_message(f"{n}", at=NOW, way=Way.AT_ONCE) for n in range(RULES.singles)]
    assert [b.kind for b in turn(*few).bundles] == [BundleKind.SINGLE] * RULES.singles
    flood = [a_message(f"{n}", at=NOW, way=Way.AT_ONCE) for n in range(RULES.singles + 1)]
    assert [b.kind for b in turn(*flood).bundles] == [BundleKind.BUNDLE]


def test_a_release_is_one_digest_with_everything_in_it():
    released = replace(a_message("a", at=NOW, matter="one"), way=Way.RELEASED)
    others = [
        a_message("b", at=NOW, way=Way.AT_ONCE),
        a_message("c", at=NOW, way=Way.DAILY),
        a_message("d", at=NOW, way=Way.BUNDLE),
    ]
    (bundle,) = turn(released, *others).bundles
    assert bundle.kind is BundleKind.RELEASED
    assert len(bundle.messages) == 4


def test_what_nobody_owes_any_more_is_not_told():
    served = turn(a_message("a", at=NOW), moot=True)
    assert served.bundles == ()
    assert served.done == 1
    (gone,) = ended(served.moot)
    assert gone.message.state is MessageState.MOOT
    assert gone.message.send_at is None


def test_a_critical_matter_is_told_again_until_the_unit_acknowledges():
    message = a_message("a", at=NOW, way=Way.AT_ONCE, urgency=Urgency.CRITICAL, repeats=2)
    now, told = NOW, 0
    while message.state is MessageState.WAITING:
        served = turn(message, now=now)
        (bundle,) = served.bundles
        text = DIGESTS.say(bundle, lines=8, done=0).text.zh
        assert ("尚未签收" in text) == (told > 0)
        (after,) = settled(served, bundle, uuid4(), rules=RULES, now=now)
        message, told = after.message, told + 1
        if message.send_at is not None:
            assert message.send_at - now == RULES.repeats[Urgency.CRITICAL].every
            now = message.send_at
    assert told == 3
    assert message.told == 3


def test_an_acknowledgement_stops_the_repeats():
    message = a_message("a", at=NOW, way=Way.AT_ONCE, urgency=Urgency.CRITICAL, repeats=2, told=1)
    served = turn(message, acknowledged=True)
    assert served.bundles == ()
    (after,) = ended(served.moot)
    assert after.message.state is MessageState.TOLD
    assert after.message.send_at is None
    first = replace(message, told=0)
    served = turn(first, acknowledged=True)
    (after,) = settled(served, served.bundles[0], uuid4(), rules=RULES, now=NOW)
    assert after.message.state is MessageState.TOLD


def test_what_waits_for_somebody_who_went_off_duty_is_passed_on():
    seat = Seat(Post.HANDLER, UNIT)
    rota = roster(shift(seat, ME, ends_at=NOW), shift(seat, person("b"), starts_at=NOW))
    message = a_message("a", at=NOW - HOUR)
    served = turn(message, rota=rota)
    assert served.bundles == ()
    (passed,) = served.passed_on
    assert passed.message.person_id == person("b")
    assert passed.message.state is MessageState.WAITING
    nobody = roster(shift(seat, ME, ends_at=NOW))
    (bundle,) = turn(message, rota=nobody).bundles  # better than not at all
    assert bundle.messages == (message,)


def test_whoever_hears_for_another_post_is_told_so():
    message = replace(a_message("a", at=NOW), seat=Seat(Post.LIAISON, UNIT))
    held = [waiting(message)]
    liaison = at_seat(message.seat)
    (bundle,) = serve(liaison, held, on_duty=roster().at(NOW), rules=RULES).bundles
    assert "承办人无人值班" in DIGESTS.say(bundle, lines=8, done=0).text.zh


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([Way.AT_ONCE, Way.BUNDLE, Way.DAILY, Way.RELEASED]),
        st.integers(-60, 60),  # when it goes out, in minutes from now
        st.integers(0, 4),  # which matter
        st.booleans(),  # moot
        st.sampled_from(Urgency),
    ),
    max_size=25,
)


def made(rows) -> list[tuple[Message, bool]]:
    return [
        (
            a_message(
                f"{place}",
                at=NOW - HOUR,
                way=way,
                send_at=NOW + minutes * MINUTE,
                matter=f"{matter}",
                urgency=urgency,
            ),
            moot,
        )
        for place, (way, minutes, matter, moot, urgency) in enumerate(rows)
    ]


@given(rows=MESSAGES)
def test_nothing_is_lost_and_nothing_goes_out_twice(rows):
    """Whatever waits goes out in one bundle, is dropped with reason, or goes on waiting."""
    messages = made(rows)
    seen: Counter = Counter()
    left = [waiting(message, moot=moot) for message, moot in messages]
    for now in (NOW, NOW + 30 * MINUTE, NOW + 2 * HOUR):
        served = serve(ME, left, on_duty=roster().at(now), rules=RULES)
        done = {m.message_id for m in served.moot}
        for bundle in served.bundles:
            seen.update(m.message_id for m in bundle.messages)
            done |= {m.message_id for m in bundle.messages}
            assert set(bundle.spoken) <= set(bundle.messages)
            matters = [m.subject.deadline_id for m in bundle.messages]
            assert {m.subject.deadline_id for m in bundle.spoken} == set(matters)
            assert len(bundle.spoken) == len(set(matters))
        seen.update(done - set(seen))
        left = [each for each in left if each.message.message_id not in done]
    assert seen == Counter({message.message_id: 1 for message, _ in messages})


@given(rows=MESSAGES)
def test_a_turn_is_one_digest_or_few_things(rows):
    served = turn(*(message for message, _ in made(rows)))
    kinds = Counter(bundle.kind for bundle in served.bundles)
    assert sum(kinds.values()) <= RULES.singles + 1
    assert kinds[BundleKind.RELEASED] + kinds[BundleKind.DAILY] <= 1
    assert bundles([], singles=RULES.singles) == []
    assert spoken([]) == ()


@settings(max_examples=60)
@given(
    urgency=st.sampled_from(Urgency),
    kind=st.sampled_from([DeadlineKind.ACKNOWLEDGE, DeadlineKind.RESOLVE, DeadlineKind.CONTACT]),
    group=st.booleans(),
    looks=st.lists(st.integers(1, 60 * 24 * 5), min_size=1, max_size=12),
)
def test_each_rung_is_told_once_to_each_receiver_however_the_watch_looks(
    urgency, kind, group, looks
):
    """The watch may look often or seldom: of each rung's audience everybody hears it or a later
    one, no message is made twice, and nobody hears of one rung two times."""
    deadline = a_deadline(kind, "4wh", urgency=urgency, group_matter=group)
    now, told, rungs = deadline.due.started_at, [], {}
    for minutes in looks:
        now += minutes * MINUTE
        after, steps = fire(deadline, now, ESCALATION)
        change = Change(before=deadline, after=after, steps=tuple(steps))
        at = Addressing(on_duty=roster().at(now), rules=RULES, gaps=(), now=now, wall=now)
        for step in steps:
            for reached in at.on_duty.reached(step.rung.audience, UNIT):
                rungs.setdefault(reached.person_id, []).append((step.at, step.rung.name))
        told += at.of_change(change)
        deadline = after
    ids = [message.message_id for message in told]
    assert len(ids) == len(set(ids))
    heard: dict = {}
    for message in told:
        heard.setdefault(message.person_id, []).append((message.subject.at, message.subject.rung))
    assert heard.keys() == rungs.keys()
    for person_id, mine in rungs.items():
        assert len(heard[person_id]) == len(set(heard[person_id]))
        assert set(heard[person_id]) <= set(mine)
        assert heard[person_id][-1] == mine[-1]
