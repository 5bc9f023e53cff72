"""What became of the lines that were replayed: created, already there, or refused and why."""

from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One line's outcome; exactly one of the three."""

    created: bool = False
    existing: bool = False
    refused: str | None = None

    @staticmethod
    def of(answer: httpx.Response) -> "Outcome":
        """201 is new, 200 the answer of before, anything else a refusal in intake's words."""
        if answer.status_code in (200, 201):
            return Outcome(created=answer.status_code == 201, existing=answer.status_code == 200)
        return Outcome(refused=_words(answer))


@dataclass(slots=True)
class Totals:
    """The outcomes of all lines; the refused with their line numbers."""

    created: int = 0
    existing: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, outcome: Outcome) -> None:
        """Count one line."""
        self.created += outcome.created
        self.existing += outcome.existing
        if outcome.refused is not None:
            self.refused.append((number, outcome.refused))


def _words(answer: httpx.Response) -> str:
    """The sentence in the body of a refusal, else the beginning of the body."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return f"{answer.status_code} {answer.text[:200]}"
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        return f"{answer.status_code} " + "；".join(str(e.get("zh", e)) for e in errors)
    return f"{answer.status_code} {body.get('zh') or body.get('code') or body}"
