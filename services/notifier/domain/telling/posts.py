"""Posts on duty: whose they are, and to which post a matter falls when nobody is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.catalogue.regions import city_of, district_of


class Post(StrEnum):
    """Whom a rung is for; the audiences of `time_limits.toml` are these words."""

    HANDLER = "handler"  # 承办人
    LIAISON = "liaison"  # 联络员
    SECTION_HEAD = "section_head"  # 科室负责人
    UNIT_LEADER = "unit_leader"  # 单位负责人
    DISPATCHER = "dispatcher"  # 派单员
    REVIEWER = "reviewer"  # 审核员
    CALLBACK_CLERK = "callback_clerk"  # 回访员
    SHIFT_LEAD = "shift_lead"  # 班长
    SUPERVISOR = "supervisor"  # 督办员
    DISTRICT_SUPERVISOR = "district_supervisor"  # 区级督办
    DISTRICT_LEADER = "district_leader"  # 区领导
    CITY_SUPERVISOR = "city_supervisor"  # 市级督办
    CITY_LEADER = "city_leader"  # 市领导


OF_A_UNIT: Final = frozenset({Post.HANDLER, Post.LIAISON, Post.SECTION_HEAD, Post.UNIT_LEADER})
OF_A_DISTRICT: Final = frozenset({Post.DISTRICT_SUPERVISOR, Post.DISTRICT_LEADER})
OF_DISTRICT_OR_CITY: Final = frozenset({Post.SUPERVISOR})

_UP: Final = (
    *(Post.HANDLER, Post.LIAISON, Post.SECTION_HEAD, Post.UNIT_LEADER, Post.SUPERVISOR),
    *(Post.DISTRICT_SUPERVISOR, Post.DISTRICT_LEADER, Post.CITY_SUPERVISOR, Post.CITY_LEADER),
)
_DESK: Final = (Post.SHIFT_LEAD, Post.SUPERVISOR, Post.CITY_SUPERVISOR, Post.CITY_LEADER)
# Each post, and those above it in the order in which a matter falls to them.
CHAINS: Final[Mapping[Post, tuple[Post, ...]]] = {
    **{post: _UP[place:] for place, post in enumerate(_UP)},
    **{post: (post, *_DESK) for post in (Post.DISPATCHER, Post.REVIEWER, Post.CALLBACK_CLERK)},
    Post.SHIFT_LEAD: _DESK,
}


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """A post at one place: a unit's code, or the code of a district or the city."""

    post: Post
    place: str


def may_be_of(post: Post, *, unit: str | None, region: str | None) -> bool:
    """Whether the post exists there: exactly one of a unit and a region is named."""
    if (unit is None) == (region is None):
        return False
    if region is None:
        return post in OF_A_UNIT
    if post in OF_A_UNIT:
        return False
    of_a_district = district_of(region) == region
    if post in OF_A_DISTRICT:
        return of_a_district
    if post in OF_DISTRICT_OR_CITY:
        return of_a_district or city_of(region) == region
    return city_of(region) == region


def seats(post: Post, *, unit: str | None, region: str) -> Iterator[Seat]:
    """The seat of a post for a unit's matter, then those it falls to, in order.

    `region` is the unit's, or the city for a matter of no unit. Where there is no such post (the
    district's for a unit of the city), the next higher one is the seat itself.
    """
    district, city = district_of(region), city_of(region)
    desk = post not in _UP
    for each in CHAINS[post]:
        if each in OF_A_UNIT:
            place = unit
        elif each in OF_A_DISTRICT:
            place = district
        elif each in OF_DISTRICT_OR_CITY:
            place = city if desk else district or city
        else:
            place = city
        if place is not None:
            yield Seat(each, place)
