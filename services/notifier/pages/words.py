"""The words of the board's pages: names, times, what is left of a promise."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import Request

from services.notifier.context import NotifierContext
from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.domain.escalation import readable
from shared.contracts.values import Due
from shared.countdown import Amount, Countdown, amounts, countdown
from shared.web.pages import Pages
from shared.web.strings import language_of
from shared.web.times import ago, left, local, span


class Words:
    """Says things in the reader's language; made for one page."""

    def __init__(self, request: Request, here: NotifierContext, now: datetime) -> None:
        pages: Pages = request.app.state.pages
        self._pages = pages
        self._language = language_of(request)
        self._here = here
        self._now = now

    def say(self, key: str, **values: Any) -> str:
        """A text by its key."""
        return self._pages.strings.text(self._language, key, values)

    def at(self, moment: datetime) -> str:
        """A moment as people read it."""
        return local(moment, now=self._now, language=self._language)

    def ago(self, moment: datetime, now: datetime | None = None) -> str:
        """How long ago; by another clock where `now` is given."""
        return ago(moment, now=now or self._now, language=self._language)

    def unit(self, code: str | None) -> str:
        """A unit's name; what no unit has is the hotline centre's."""
        return self.say("board.centre") if code is None else self._pages.unit_name(code)

    def category(self, code: str | None) -> str:
        """The name of a category, its code where there is none."""
        known = self._here.catalogue.categories.get(code or "")
        return known.name if known else code or ""

    def region(self, code: str | None) -> str:
        """The names of district, street and community."""
        return self._here.catalogue.region_name(code) if code else ""

    def counted(self, due: Due) -> Countdown:
        """What is left of a promise, in its own time."""
        # one set by hand has no readable limit: it runs day and night
        due = replace(due, rule=readable(due.rule))
        return countdown(due, self._now, self._here.escalation.calendar)

    def left(self, due: Due) -> str:
        """`剩 3 个工作小时` or `超时 2 小时`; the page's script goes on with it."""
        return left(self.counted(due), self._js)

    def tone(self, deadline: Deadline) -> str:
        """Colour only where it is late."""
        late = deadline.state is DeadlineState.MISSED or deadline.due.by < self._now
        return "bad" if late and deadline.ended_at is None else "main"

    def rule(self, rule: str) -> str:
        """A limit as the catalogue writes it, in words."""
        return " + ".join(map(self._amount, amounts(readable(rule))))

    def spent(self, seconds: int, due: Due) -> str:
        """How long a promise ran, in the time it is counted in."""
        return span(replace(self.counted(due), seconds=seconds), self._js)

    def rung(self, name: str) -> str:
        """A rung by its name: a warning, the due time, a step of the ladder."""
        return self._or(f"promises.rung.{name}", name)

    def by(self, who: str) -> str:
        """Who brought a change about: a unit, else a role."""
        return self._or(f"role.{who}", self._pages.unit_name(who))

    def at_text(self, moment: str) -> str:
        """A moment as the history has it."""
        return self.at(datetime.fromisoformat(moment))

    def _or(self, key: str, text: str) -> str:
        return self.say(key) if key in self._pages.strings.keys(self._language) else text

    def _amount(self, amount: Amount) -> str:
        text = self.say(f"promises.amount.{amount.unit}", n=amount.number)
        if amount.percent == 100:
            return text
        return self.say("promises.share", limit=text, percent=amount.percent)

    def _js(self, key: str, **named: Any) -> str:
        return self.say(f"board.js.{key}", **named)
