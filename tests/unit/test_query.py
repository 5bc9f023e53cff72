"""What is asked of a list has one spelling, finds by words and pinyin, and is looked at again."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.postings import (
    SEGMENT,
    Lists,
    Window,
    changed,
    matches,
    pack,
    unpack,
)
from services.intake.domain.query import Flag, Query, canonical, fits, groups_of, public, read_query
from services.intake.domain.subject import Subject, live_terms, word_terms
from services.intake.domain.terms import Kind, asked_terms, name_terms, term, text_terms
from services.intake.domain.ticket import Ticket, TicketState
from shared.catalogue.load import load_catalogue
from shared.contracts.parts import Place
from shared.contracts.values import Channel, TicketType, Urgency
from shared.errors import InvalidError

CATALOGUE = load_catalogue()
LAMP = Ticket(
    ticket_id=UUID(int=1),
    number="1599202611230000014",
    state=TicketState.REGISTERED,
    seq=1,
    round=1,
    channel=Channel.HOTLINE,
    type=TicketType.COMPLAIN,
    urgency=Urgency.NORMAL,
    category="0205",
    title="路灯不亮",
    summary="楼下的路灯已经三天不亮了，请尽快来修。联系〔电话〕",
    place=Place(region="159902001001", address="河湾锦苑3号楼", compound="河湾锦苑"),
    line=None,
    choice=None,
    source=None,
    confidential=False,
    contactable=True,
    hard_case=False,
    registered_at=datetime(2026, 11, 23, 4, tzinfo=UTC),
    history_hash=b"",
)


def found(asked: str, subject: Subject) -> bool:
    """Whether a subject is found by a text."""
    terms = word_terms(subject) | live_terms(subject)
    groups = asked_terms(asked)
    return bool(groups) and all(group & terms for group in groups)


@pytest.mark.parametrize(
    "asked",
    [
        "路灯",
        "路灯不亮",
        "不亮的路灯",
        "路灯 锦苑",
        "苑3号",
        "ludeng",
        "LD",
        "hwjy",
        "hewanjinyuan",
        "河湾锦苑",
        "尽快",
        "三天",
    ],
)
def test_a_ticket_is_found_by_words_and_by_pinyin(asked: str) -> None:
    assert found(asked, Subject(ticket=LAMP))


@pytest.mark.parametrize("asked", ["井盖", "路灯 井盖", "jinggai", "电话", "sntn", "灯"])
def test_a_ticket_is_not_found_by_what_it_does_not_say(asked: str) -> None:
    assert not found(asked, Subject(ticket=LAMP))


def test_a_supplement_is_found_and_makes_one_piece_more() -> None:
    more = Subject(ticket=LAMP, supplements=("补充：旁边的井盖也坏了",))
    assert found("井盖", more)
    assert more.pieces == Subject(ticket=LAMP).pieces + 1
    assert live_terms(more) == live_terms(Subject(ticket=LAMP))


def test_a_word_of_another_kind_is_another_term() -> None:
    assert term(Kind.WORD, "ld") != term(Kind.INITIALS, "ld")
    assert -(2**63) <= term(Kind.WORD, "路灯") < 2**63
    assert text_terms("路灯") < name_terms("路灯")


def test_every_attribute_asked_for_is_a_term_of_the_ticket() -> None:
    subject = Subject(
        ticket=replace(LAMP, urged=1, hard_case=True, group_matter=True, line="12319"),
        units=("BH-CGJ",),
        overdue=True,
        account="wang",
    )
    query = Query(
        q="路灯",
        state=(TicketState.REGISTERED, TicketState.CLOSED),
        type=(TicketType.COMPLAIN,),
        urgency=(Urgency.NORMAL,),
        category=("02",),
        region=("159902",),
        channel=(Channel.HOTLINE,),
        line=("12319",),
        flag=(Flag.OVERDUE,),
        unit=("BH-CGJ",),
        mine=True,
    )
    terms = word_terms(subject) | live_terms(subject)
    groups = groups_of(query, region="159902001", account="wang")
    assert len(groups) == 12
    assert all(group & terms for group in groups)
    for region in ("159900", "159902", "159902001", "159902001001"):
        assert groups_of(Query(region=(region,)), region=None, account=None)[0] <= terms
    assert not groups_of(Query(), region="159903", account=None)[0] & terms
    assert not groups_of(Query(mine=True), region=None, account="li")[0] & terms
    assert {Flag(each) for each in Flag} == set(Flag)
    flags = groups_of(Query(flag=tuple(Flag)), region=None, account=None)[0]
    assert flags - terms == {term(Kind.FLAG, Flag.CONFIDENTIAL)}


def test_a_query_has_one_spelling() -> None:
    pairs = [("type", "help"), ("state", "closed"), ("state", "registered"), ("type", "consult")]
    query = read_query([*pairs, ("q", "  路灯   不亮 "), ("cursor", "x")], CATALOGUE)
    again = read_query(reversed(pairs), CATALOGUE)
    assert canonical(query).endswith(canonical(again))
    assert query.q == "路灯 不亮"
    assert read_query(parse_qsl(canonical(query)), CATALOGUE) == query


@given(
    st.builds(
        Query,
        q=st.sampled_from(["", "路灯", "ld 锦苑"]),
        state=st.lists(st.sampled_from(TicketState), unique=True).map(
            lambda them: tuple(each for each in TicketState if each in them)
        ),
        category=st.lists(st.sampled_from(sorted(CATALOGUE.categories)), unique=True, max_size=5)
        .map(sorted)
        .map(tuple),
        flag=st.lists(st.sampled_from(Flag), unique=True).map(
            lambda them: tuple(each for each in Flag if each in them)
        ),
        since=st.none() | st.dates(),
        mine=st.booleans(),
    )
)
def test_every_query_is_read_as_it_was_written(query: Query) -> None:
    assert read_query(parse_qsl(canonical(query)), CATALOGUE) == query


def test_a_telephone_stays_out_of_addresses_and_ledgers() -> None:
    query = Query(q="139 0000 1111", state=(TicketState.CLOSED,))
    assert canonical(public(query)) == "state=closed"
    for text in ("路灯", LAMP.number):
        assert public(Query(q=text)) == Query(q=text)


@pytest.mark.parametrize(
    "pair",
    [
        ("state", "lost"),
        ("category", "9999"),
        ("region", "999999"),
        ("unit", "NOBODY"),
        ("since", "yesterday"),
        ("flag", "odd"),
    ],
)
def test_what_the_city_does_not_know_is_refused_by_name(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidError) as refused:
        read_query([pair, ("q", "路灯")], CATALOGUE)
    assert [error.field for error in refused.value.errors] == [pair[0]]


def test_a_nul_never_reaches_the_database() -> None:
    assert read_query([("q", "a\0b"), ("state", "closed\0")], CATALOGUE) == Query()


def test_a_ticket_that_moved_on_does_not_fit_any_more() -> None:
    query = read_query([("state", "registered"), ("region", "159902")], CATALOGUE)
    assert fits(query, LAMP, region=None)
    assert not fits(query, replace(LAMP, state=TicketState.CLOSED), region=None)
    assert not fits(query, LAMP, region="159903")
    assert fits(Query(region=("159900",)), LAMP, region="159902001")


def test_days_are_the_citys_own() -> None:
    # 2026-11-23 00:30 in the city is still the 22nd in UTC
    early = replace(LAMP, registered_at=datetime(2026, 11, 22, 16, 30, tzinfo=UTC))
    day = [("since", "2026-11-23"), ("until", "2026-11-23")]
    assert fits(read_query(day, CATALOGUE), early, region=None)
    before = [("until", "2026-11-22")]
    assert not fits(read_query(before, CATALOGUE), early, region=None)


places = st.sets(st.integers(0, SEGMENT - 1), max_size=2000)


@given(places)
def test_a_posting_list_keeps_its_places(given_places: set[int]) -> None:
    present = np.zeros(SEGMENT, dtype=np.bool_)
    present[list(given_places)] = True
    data = pack(present)
    assert set(np.flatnonzero(unpack(data)).tolist()) == given_places
    assert len(data) <= SEGMENT // 8


@given(places, places, places)
def test_places_are_put_in_and_taken_out(held: set[int], add: set[int], remove: set[int]) -> None:
    remove -= add
    before = changed(None, add=sorted(held), remove=[])
    after = changed(before or None, add=sorted(add), remove=sorted(remove))
    assert set(np.flatnonzero(unpack(after)).tolist()) == (held - remove) | add


@given(places, places, places)
def test_every_group_must_be_there_by_one_of_its_terms(
    one: set[int], other: set[int], third: set[int]
) -> None:
    terms = {1: one, 2: other, 3: third}
    # the same places in the first segment that is looked at, the last one, and none between
    lists = {key: lists_of({5: them, 8: them}) for key, them in terms.items() if them}
    groups = [frozenset({1, 2}), frozenset({3})]
    found = {segment * SEGMENT + each for each in (one | other) & third for segment in (5, 8)}
    whole = Window(low=5 * SEGMENT, below=9 * SEGMENT)
    assert matches(groups, lists, whole).tolist() == sorted(found, reverse=True)
    part = Window(low=5 * SEGMENT + 100, below=8 * SEGMENT + 4000)
    fitting = {doc for doc in found if part.low <= doc < part.below}
    assert matches(groups, lists, part).tolist() == sorted(fitting, reverse=True)


def lists_of(places_by_segment: dict[int, set[int]]) -> Lists:
    """As the database hands them over."""
    values = {
        segment: changed(None, add=sorted(them), remove=[])
        for segment, them in places_by_segment.items()
    }
    return Lists(
        segments=list(values),
        sizes=[len(value) for value in values.values()],
        data=b"".join(values.values()),
    )


@given(places, places)
def test_segments_with_bits_and_with_places_are_read_together(
    few: set[int], many: set[int]
) -> None:
    many |= set(range(0, SEGMENT, 7))
    few = set(sorted(few)[:100])
    lists = {1: lists_of({2: many, 3: few or {0}, 4: many})}
    found = matches([frozenset({1})], lists, Window(low=2 * SEGMENT, below=5 * SEGMENT))
    wanted = [
        segment * SEGMENT + each
        for segment, them in ((2, many), (3, few or {0}), (4, many))
        for each in them
    ]
    assert found.tolist() == sorted(wanted, reverse=True)


def test_without_a_group_nothing_matches() -> None:
    assert matches([], {}, Window(low=0, below=10)).tolist() == []
    assert matches([frozenset({1})], {}, Window(low=0, below=10)).tolist() == []
