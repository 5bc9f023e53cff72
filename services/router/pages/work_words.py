"""The words of the workbench: how long is left, in which calendar, why this unit."""

from datetime import datetime
from typing import Any

from fastapi import Request

from services.router.domain.city import City
from services.router.domain.routing.trace import explain
from services.router.domain.workbench.part import PartClock
from shared.contracts.values import Due
from shared.countdown import Amount, Countdown, amounts, countdown
from shared.web.pages import Pages
from shared.web.strings import Language, language_of
from shared.web.times import left, local


class Words:
    """Says things in the reader's language; made for one page."""

    def __init__(self, request: Request, city: City, now: datetime) -> None:
        pages: Pages = request.app.state.pages
        self._strings = pages.strings
        self._language = language_of(request)
        self._city = city
        self._now = now

    def say(self, key: str, **values: Any) -> str:
        """A text by its key."""
        return self._strings.text(self._language, key, values)

    def value(self, name: str, value: str) -> str:
        """A choice by its label; free text as it is."""
        key = f"work.{name}.{value}"
        return self.say(key) if key in self._strings.keys(self._language) else value

    def counted(self, due: Due) -> Countdown:
        """What is left of a promise."""
        return countdown(due, self._now, self._city.calendar)

    def left(self, due: Due) -> str:
        """`剩 3 个工作小时 20 分` or `超时 2 小时`; the page's script goes on with it."""
        return left(self.counted(due), lambda key, **named: self.say(f"work.js.{key}", **named))

    def limit(self, due: Due) -> str:
        """The limit as it was promised: `4 个工作小时`, `2 个工作小时 + 5 个工作日`."""
        return self.rule(due.rule)

    def rule(self, rule: str) -> str:
        """A limit as the catalogue writes it, in words."""
        return " + ".join(map(self._amount, amounts(rule)))

    def unit(self, unit: str) -> str:
        """The unit of a limit: `WD` is working days."""
        return self.say(f"work.unit_of.{unit}")

    def _amount(self, amount: Amount) -> str:
        text = self.say(f"work.amount.{amount.unit}", n=amount.number)
        if amount.percent == 100:
            return text
        return self.say("work.share", limit=text, percent=amount.percent)

    def calendar(self, due: Due) -> str:
        """In which time it runs: working hours with their span, or day and night."""
        if not self.counted(due).working:
            return self.say("work.natural")
        calendar = self._city.calendar
        text = self.say(
            "work.working",
            opens=f"{calendar.opens.hour}:{calendar.opens:%M}",
            closes=f"{calendar.closes.hour}:{calendar.closes:%M}",
        )
        return text + self.say("work.provisional") if due.provisional else text

    def why(self, line: str) -> str:
        """A line of a trace in words."""
        words = explain(line, self._city.catalogue)
        return words.zh if self._language is Language.ZH else words.en

    def at(self, moment: datetime) -> str:
        """A moment as people read it."""
        return local(moment, now=self._now, language=self._language)

    def category(self, code: str | None) -> str:
        """The name of a category, its code where there is none."""
        known = self._city.catalogue.categories.get(code or "")
        return known.name if known else code or ""

    def region(self, code: str | None) -> str:
        """The names of district, street and community."""
        return self._city.catalogue.region_name(code) if code else ""

    def tone(self, clock: PartClock) -> str:
        """How a clock looks: late, soon (less than a fifth is left), or calm."""
        counted = self.counted(clock.due)
        if counted.late:
            return "bad"
        whole = (clock.due.by - clock.due.started_at).total_seconds()
        ahead = (clock.due.by - self._now).total_seconds()
        return "warn" if ahead < whole / 5 else "main"
