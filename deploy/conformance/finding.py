"""What the kit found: one verdict a case, with what was wanted and what was seen, in words."""

from dataclasses import dataclass


class WrongError(Exception):
    """The department did not do what the contract asks."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One case's end; `wrong` is None when it passed."""

    case: str
    title_zh: str
    title_en: str
    wrong: WrongError | None
    seconds: float

    @property
    def passed(self) -> bool:
        return self.wrong is None
