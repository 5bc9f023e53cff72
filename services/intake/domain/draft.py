"""The desk's form while it is filled in: every field as typed, however wrong it still is."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.person import normal_phone

MOST_TYPED: Final = 20_000  # more than a ticket takes: what was typed is never cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of the form as text; choices by their names in the contracts, "" is not chosen."""

    phone: str = ""
    name: str = ""
    confidential: str = ""  # "", "yes", "no"
    agrees_to_contact: bool = False
    language: str = "zh"
    description: str = ""
    title: str = ""
    address: str = ""
    region: str = ""
    lat: float | None = None
    lon: float | None = None
    no_location: bool = False
    type: str = ""
    category: str = ""
    urgency: str = ""
    urgency_reason: str = ""
    line: str = ""
    occurred_at: str = ""
    photos: tuple[str, ...] = ()
    article: str = ""
    reply: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing worth keeping: a line or a language alone comes with every new form."""
        return replace(self, line="", language="zh", phone="") == Form()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskDraft:
    """A form kept by the server; `account` is whose desk it lies on."""

    draft_id: UUID
    account: str
    version: int
    form: Form
    call_id: str | None
    begun_at: datetime
    changed_at: datetime

    @property
    def phone(self) -> str | None:
        """The number the draft is tied to, once it is one."""
        return normal_phone(self.form.phone)


def changed(
    draft: DeskDraft, form: Form, *, account: str, call_id: str | None, now: datetime
) -> DeskDraft:
    """The draft with what was typed since."""
    return replace(
        draft,
        account=account,
        version=draft.version + 1,
        form=form,
        call_id=call_id or draft.call_id,
        changed_at=now,
    )
