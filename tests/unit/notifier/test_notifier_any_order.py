"""Facts in any order of the two topics, with the watch coming by at any time, end the same."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import rulings, tickets, whistles
from shared.contracts.parts import DeadlineKind, DueChange
from shared.contracts.values import Urgency
from tests.unit.notifier import samples
from tests.unit.notifier.samples import PART, WHISTLE, due_of
from tests.unit.notifier.world import START, World

K = DeadlineKind


def timeline(seconds: list[int]) -> list[datetime]:
    moments, at = [], START
    for gap in seconds:
        at += timedelta(seconds=gap)
        moments.append(at)
    return moments


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[object], list[object]]:
    """(facts of the ticket, facts of its whistle), each in its order, with their times."""
    gaps = st.integers(0, 5 * 86400)
    t = timeline(draw(st.lists(gaps, min_size=7, max_size=7)))
    w = timeline(draw(st.lists(gaps, min_size=9, max_size=9)))
    of_ticket: list[tuple[object, datetime]] = [(samples.registered(t[0]), t[0])]
    if draw(st.booleans()):
        flagged = samples.ticket_fact(tickets.GroupFlagged, callers=5, urgency=Urgency.URGENT)
        of_ticket.append((flagged, t[1]))
    if draw(st.booleans()):
        of_ticket.append((samples.ticket_fact(tickets.Merged, into=WHISTLE), t[2]))
        if draw(st.booleans()):
            of_ticket.append((samples.ticket_fact(tickets.MergeUndone, into=WHISTLE), t[3]))
    elif draw(st.booleans()):
        of_ticket.append((samples.callback_opened(t[4]), t[4]))
        of_ticket.append((samples.called_back(), t[5]))
        of_ticket.append((samples.closed(), t[6]))
    elif draw(st.booleans()):
        of_ticket.append((samples.ticket_fact(tickets.Withdrawn, ex_officio=False), t[4]))
    return of_ticket, draw(whistle_story(w))


def extension_requested(at: datetime) -> whistles.ExtensionRequested:
    return whistles.ExtensionRequested(
        **samples.part(at), amount=5, amount_unit="WD", reason="缺料", rule_by=due_of("4wh", at)
    )


def whistle_story(w: list[datetime]) -> st.SearchStrategy[list[tuple[object, datetime]]]:
    """The whistle's facts: some subset of what may follow its blowing, in a lawful order."""
    lag = st.integers(0, 7200).map(lambda s: timedelta(seconds=s))  # received → judged

    @st.composite
    def build(draw: st.DrawFn) -> list[tuple[object, datetime]]:
        facts: list[tuple[object, datetime]] = [(samples.blown(w[0]), w[0])]

        def perhaps(make, received, *more):
            if draw(st.booleans()):
                facts.append((make(received), received + draw(lag)))
                facts.extend(more)

        def progressing(make):
            return lambda at: replace(make(at), progress_by=due_of("5WD", at))

        perhaps(
            draw(st.sampled_from((samples.acknowledged, progressing(samples.acknowledged)))), w[1]
        )
        perhaps(samples.contacted, w[2])
        perhaps(progressing(samples.arrived), w[2])
        if draw(st.booleans()):
            facts.append((extension_requested(w[3]), w[3]))
            if draw(st.booleans()):
                refused = rulings.ExtensionRefused(
                    **samples.part(w[3]), ruled_by=samples.ACTOR, reason="理由不足"
                )
                facts.append((refused, w[3] + draw(lag)))
        if draw(st.booleans()):
            due = due_of("10WD", w[0])
            change = DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=due)
            changed = samples.whistle_fact(rulings.DueChanged, changes=(change,), reason="延期")
            facts.append((changed, w[3]))
        if draw(st.booleans()):
            due = replace(due_of("5WD", w[5]), by=w[5] + timedelta(days=2))
            change = DueChange(assignment_id=PART, unit=samples.UNIT, kind=K.RESOLVE, due=due)
            facts.append((samples.suspended(w[4]), w[4]))
            facts.append((rulings.Resumed(**samples.part(w[5]), changes=(change,)), w[5]))
        perhaps(samples.resolved, w[6])
        if facts[-1][0].TYPE == whistles.Resolved.TYPE and draw(st.booleans()):
            facts.append((samples.review_rejected(w[7]), w[7]))
            perhaps(samples.resolved, w[7])
        if draw(st.booleans()):
            facts.append((samples.whistle_fact(whistles.Closed), w[8]))
        return [
            (data, max(at, previous))
            for (data, at), previous in zip(facts, [START, *(at for _, at in facts)], strict=False)
        ]

    return build()


def end_of(world: World) -> World:
    world.watch(START + timedelta(days=400))
    return world


@settings(max_examples=300, deadline=None)
@given(data=st.data(), story=stories())
def test_any_order_of_the_topics_and_any_passing_of_the_watch_end_the_same(data, story):
    of_ticket, of_whistle = story
    plain = World()
    plain.hear(*of_ticket, *of_whistle)
    mixed = World()
    left, right, now = list(of_ticket), list(of_whistle), START
    while left or right:
        queue = left if left and (not right or data.draw(st.booleans())) else right
        batch = [queue.pop(0) for _ in range(data.draw(st.integers(1, len(queue))))]
        mixed.hear(*batch)
        if data.draw(st.booleans()):
            now += timedelta(seconds=data.draw(st.integers(0, 10 * 86400)))
            mixed.watch(now)
    assert end_of(mixed).outcome() == end_of(plain).outcome()
