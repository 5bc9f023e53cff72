"""The form of a resident's report: read from what a browser sends, with or without scripts."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.datastructures import FormData, UploadFile

from services.intake.domain.person import normal_phone
from services.intake.domain.photo import MOST_PHOTOS
from services.intake.domain.request import AskedPlace, Reporter, Request
from shared.catalogue.report_labels import ReportLabel
from shared.contracts.values import Channel, TicketType
from shared.errors import FieldError, InvalidError
from shared.web.problems import field_errors

F = TypeVar("F", bound=BaseModel)
NO_NUL: Final = r"^[^\x00]*$"
LEAST: Final = 2  # characters, where there is no photo


def _text(most: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, max_length=most, pattern=NO_NUL)


class ReportForm(BaseModel):
    """What a resident filled in; `to` is the button that was tapped."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    to: Literal["grid", "property", "hotline"]
    label: str
    text: Annotated[str, _text(4000)] = ""
    phone: Annotated[str, _text(30)] = ""
    address: Annotated[str, _text(200)] = ""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    confidential: bool = False
    joins: UUID | None = None
    photo: Annotated[tuple[UUID, ...], Field(max_length=MOST_PHOTOS)] = ()


class SupplementForm(BaseModel):
    """What a resident adds: words, photos or both."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    number: Annotated[str, _text(40)]
    text: Annotated[str, _text(4000)] = ""
    photo: Annotated[tuple[UUID, ...], Field(max_length=MOST_PHOTOS)] = ()


def read_form(form: FormData) -> ReportForm:
    """The fields of a report; InvalidError names every wrong one."""
    return _read(ReportForm, form)


def read_supplement(form: FormData) -> SupplementForm:
    """The fields of a supplement; InvalidError names every wrong one."""
    return _read(SupplementForm, form)


def _read(kind: type[F], form: FormData) -> F:
    fields: dict[str, object] = {
        name: value
        for name, value in form.multi_items()
        if isinstance(value, str) and value.strip() and name in kind.model_fields
    }
    fields["photo"] = [value for value in form.getlist("photo") if isinstance(value, str)]
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidError(*(_in_words(each) for each in field_errors(error.errors()))) from None


def files_of(form: FormData) -> list[UploadFile]:
    """The photos that came with the form itself, from a browser without scripts."""
    files = [value for value in form.getlist("photos") if isinstance(value, UploadFile)]
    return [each for each in files if each.filename]


def request_of(
    form: ReportForm, labels: Mapping[str, ReportLabel], photos: tuple[UUID, ...]
) -> Request:
    """The request that a report is; InvalidError says what is missing in plain words.

    Nobody grades their own report: the label's category makes it critical (a burst main), so do
    words of danger at the router, and the page has people in danger call 119, 120, 110 or 12345.
    """
    label = labels.get(form.label)
    phone = normal_phone(form.phone) if form.phone else None
    problems = []
    if label is None:
        problems.append(NO_LABEL)
    if not photos and len(form.text) < LEAST:
        problems.append(NOTHING_SAID)
    if form.phone and phone is None:
        problems.append(NO_PHONE)
    if label is None or problems:
        raise InvalidError(*problems)
    asked = form.to != "hotline"
    return Request(
        channel=Channel.ONE_TAP if asked else Channel.RESIDENT_PAGE,
        choice=form.to if asked else None,
        description=_description(form, label),
        title=label.zh if label.category is not None else None,
        place=_place(form),
        type=TicketType.TIP_OFF if form.confidential else label.type,
        category=label.category,
        reporter=Reporter(phone=phone, confidential=form.confidential),
        photos=photos,
    )


def _description(form: ReportForm, label: ReportLabel) -> str:
    if len(form.text) >= LEAST:
        return form.text
    return f"{label.zh}（见照片）"


def _place(form: ReportForm) -> AskedPlace:
    has_point = form.lat is not None and form.lon is not None
    return AskedPlace(
        address=form.address or None,
        lat=form.lat if has_point else None,
        lon=form.lon if has_point else None,
        no_location=not (form.address or has_point),
    )


def _in_words(error: FieldError) -> FieldError:
    """A field by its name on the page."""
    zh, en = NAMES.get(error.field.partition(".")[0], (error.field, error.field))
    return FieldError(
        field=error.field,
        zh=error.zh.replace(error.field, zh, 1),
        en=error.en.replace(error.field, en, 1),
    )


NAMES: Final = {
    "label": ("是什么问题", "what is wrong"),
    "text": ("补充说明", "the words"),
    "phone": ("手机号", "the phone"),
    "address": ("在哪里", "the place"),
    "photo": ("照片", "the photos"),
    "to": ("交给谁办", "who should act"),
}
NO_LABEL: Final = FieldError(field="label", zh="请先选一个问题", en="choose what is wrong first")
NOTHING_SAID: Final = FieldError(
    field="text", zh="请拍一张照片，或者写两句话", en="take a photo or write a few words"
)
NO_PHONE: Final = FieldError(
    field="phone",
    zh="手机号不对，请检查一遍，或者不填",
    en="this is no phone; check or leave it out",
)
