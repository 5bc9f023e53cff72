"""What a photo may be: redrawn from its pixels, refused in words, with what its camera told."""

import struct
import zlib
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from services.intake.domain.photo import Claim, Photo, PhotoState, judge, owner_of
from services.intake.domain.photo_link import Size, holds, link_key, signed
from shared.contracts.parts import Actor, Role
from shared.errors import InvalidError
from shared.uploads.exif import taken
from shared.uploads.media import MediaType
from shared.uploads.redraw import redraw

SCRIPT = b"<script>alert(document.cookie)</script>"
NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo_file(kind: str = "JPEG", **options: Any) -> bytes:
    """Two halves, red left and blue right, so that a turn is seen."""
    image = Image.new("RGB", (80, 40), "red")
    image.paste("blue", (40, 0, 80, 40))
    return file_of(image, kind, **options)


def why_refused(data: bytes) -> str:
    with pytest.raises(InvalidError) as refused:
        redraw(data)
    (error,) = refused.value.errors
    assert error.field == "file"
    assert error.en
    return error.zh


@pytest.mark.parametrize("media_type", list(MediaType))
def test_each_kind_is_redrawn_as_itself(media_type: MediaType) -> None:
    picture = redraw(photo_file(media_type.name))
    assert (picture.media_type, picture.width, picture.height) == (media_type, 80, 40)
    with Image.open(BytesIO(picture.data)) as drawn:
        assert drawn.format == media_type.name
    with Image.open(BytesIO(picture.thumb)) as thumb:
        assert (thumb.format, thumb.size) == ("JPEG", (80, 40))


@pytest.mark.parametrize("media_type", list(MediaType))
def test_what_hides_in_a_file_stays_behind(media_type: MediaType) -> None:
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()  # ImageDescription
    options: dict[str, Any] = {"exif": exif, "icc_profile": b"profile" + SCRIPT}
    if media_type is MediaType.JPEG:
        options["comment"] = SCRIPT
    data = photo_file(media_type.name, **options)
    assert SCRIPT in data
    polyglot = data + SCRIPT + b"PK\x03\x04" + b"zipped" + b"<?php system($_GET[0]); ?>"
    picture = redraw(polyglot)
    for hidden in (SCRIPT, b"PK\x03\x04", b"<?php", b"profile", b"Exif", b"ICC"):
        assert hidden not in picture.data
        assert hidden not in picture.thumb
    assert picture.original_sha256 != picture.sha256


REFUSED = [
    (b"", "空的"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    (b"\0\0\0\x1cftypavif\0\0\0\0", "HEIC"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0", "视频"),
    (b"GIF89a" + bytes(100), "GIF"),
    (b"%PDF-1.7\n%", "PDF"),
    (b"PK\x03\x04" + bytes(100), "压缩包"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
    (b"\xef\xbb\xbf <?xml version='1.0'?><!DOCTYPE svg><svg><script/></svg>", "SVG"),
    (b"<html><script>alert(1)</script>", "不是照片"),
    (b"\xff\xd8\xff\xe0" + SCRIPT, "损坏"),
    (b"RIFF\x00\x00\x00\x00WEBP" + SCRIPT, "损坏"),
]


@pytest.mark.parametrize(("data", "words"), REFUSED)
def test_what_is_no_photo_is_refused_in_words(data: bytes, words: str) -> None:
    assert words in why_refused(data)


@pytest.mark.parametrize("media_type", list(MediaType))
def test_a_truncated_file_is_refused(media_type: MediaType) -> None:
    noise = Image.effect_noise((200, 200), 80).convert("RGB")
    data = file_of(noise, media_type.name)
    assert "损坏" in why_refused(data[: len(data) * 2 // 3])


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_moving_pictures_are_refused(kind: str) -> None:
    second = Image.new("RGB", (80, 40), "green")
    assert "动图" in why_refused(photo_file(kind, save_all=True, append_images=[second]))


def test_a_jpeg_with_a_second_picture_is_its_first() -> None:
    picture = redraw(photo_file("MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))]))
    assert (picture.media_type, picture.width) == (MediaType.JPEG, 80)


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims this size in a few hundred bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "size", [(5_000, 5_000), (60_000, 60_000), (2_000_000_000, 2), (10_000, 100)]
)
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    assert "像素过高" in why_refused(png_of(*size))


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = photo_file("JPEG", progressive=True)
    assert redraw(data).width == 80
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    assert "损坏" in why_refused(data[:-2] + scan * 300 + data[-2:])


def test_ten_megabytes_are_the_limit() -> None:
    assert "10 MB" in why_refused(photo_file() + bytes(10_000_000))


def test_orientation_is_applied_and_large_ones_are_scaled_down() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to be upright
    picture = redraw(photo_file(exif=exif))
    assert (picture.width, picture.height) == (40, 80)
    with Image.open(BytesIO(picture.data)) as drawn:
        top, bottom = (
            drawn.convert("RGB").getpixel((20, 10)),
            drawn.convert("RGB").getpixel((20, 70)),
        )
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > bottom[0]
    assert bottom[2] > 200 > top[2]
    large = redraw(file_of(Image.new("RGB", (8000, 2000)), "JPEG"))
    assert (max(large.width, large.height), large.width == 4 * large.height) == (4096, True)
    assert max(Image.open(BytesIO(large.thumb)).size) == 320


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_png_of_any_mode_becomes_grey_or_rgb(mode: str) -> None:
    picture = redraw(file_of(Image.new(mode, (30, 30)), "PNG"))
    with Image.open(BytesIO(picture.data)) as drawn:
        assert drawn.mode in ("L", "RGB")


def test_transparency_becomes_white() -> None:
    picture = redraw(file_of(Image.new("RGBA", (30, 30), (0, 0, 0, 0)), "PNG"))
    with Image.open(BytesIO(picture.data)) as drawn:
        assert drawn.getpixel((5, 5)) == (255, 255, 255)


def test_a_cmyk_jpeg_is_taken() -> None:
    assert redraw(file_of(Image.new("CMYK", (30, 30)), "JPEG")).width == 30


GPS = {1: "N", 2: (41.0, 36.0, 16.5888), 3: "E", 4: (108.0, 18.0, 43.8084)}


def test_place_and_time_are_read_from_a_photo() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(GPS)
    exif.get_ifd(0x8769).update({0x9003: "2026:09:14 08:59:30", 0x9011: "+08:00"})
    picture = redraw(photo_file(exif=exif))
    assert picture.taken.lat == pytest.approx(41.604608, abs=1e-6)
    assert picture.taken.lon == pytest.approx(108.312169, abs=1e-6)
    assert picture.taken.at == datetime(2026, 9, 14, 0, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({0x9003: "2026:09:14 08:59:30"}, datetime(2026, 9, 14, 0, 59, 30, tzinfo=UTC)),
        (
            {0x9003: "2026:09:14 08:59:30", 0x9011: "-03:30"},
            datetime(2026, 9, 14, 12, 29, 30, tzinfo=UTC),
        ),
        (
            {0x9003: "2026:09:14 08:59:30\0", 0x9011: "nowhere"},
            datetime(2026, 9, 14, 0, 59, 30, tzinfo=UTC),
        ),
        ({0x9004: "2026:09:14 08:59:30"}, datetime(2026, 9, 14, 0, 59, 30, tzinfo=UTC)),
        ({0x9003: "1970:01:01 00:00:00"}, None),
        ({0x9003: "    :  :     :  :  "}, None),
        ({0x9003: b"\xff\xfe"}, None),
        ({}, None),
    ],
)
def test_when_a_photo_was_taken(tags: dict[int, Any], wanted: datetime | None) -> None:
    assert taken(tags, {}).at == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        {1: "X"}, {2: (91.0, 0.0, 0.0)}, {2: (41.0, float("nan"), 0.0)}, {2: (41.0, 36.0)},
        {2: "41"}, {2: (-1.0, 0.0, 0.0)}, {2: None}, {4: (float("inf"), 0.0, 0.0)},
        {2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)},
    ],
)  # fmt: skip
def test_a_place_that_makes_no_sense_is_none(wrong: dict[int, Any]) -> None:
    found = taken({}, {**GPS, **wrong})
    assert (found.lat, found.lon) == (None, None)


def test_south_west_is_negative_and_gcj02_is_turned_back() -> None:
    south = taken({}, {**GPS, 1: "S\0", 3: "W\0"})
    assert (south.lat or 0) < 0 > (south.lon or 0)
    plain, shifted = taken({}, GPS), taken({}, {**GPS, 18: "GCJ-02"})
    assert plain.lat is not None
    assert shifted.lat is not None
    assert 0.0005 < abs(plain.lat - shifted.lat) < 0.01


def waiting(owner: str = "unit:C-RXZX", **more: Any) -> Photo:
    return Photo(
        **{
            "photo_id": uuid4(),
            "state": PhotoState.WAITING,
            "owner": owner,
            "original_sha256": "0" * 64,
            "sha256": "1" * 64,
            "thumb_sha256": "2" * 64,
            "media_type": MediaType.JPEG,
            "size": 1,
            "width": 1,
            "height": 1,
            "taken_at": None,
            "lat": None,
            "lon": None,
            "created_at": NOW,
            **more,
        }
    )


def claim(*photo_ids: UUID, owner: str = "unit:C-RXZX") -> Claim:
    return Claim(ticket_id=uuid4(), owner=owner, photo_ids=photo_ids)


def test_who_may_attach_which_photo() -> None:
    mine, other, used = waiting(), waiting("page:ab"), waiting(state=PhotoState.ATTACHED)
    arriving = waiting(state=PhotoState.ARRIVING)
    known = {each.photo_id: each for each in (mine, other, used, arriving)}
    first, second = claim(mine.photo_id), claim(mine.photo_id)
    wrong = claim(other.photo_id, used.photo_id, uuid4(), arriving.photo_id)
    found = judge([first, second, wrong, claim(other.photo_id, owner="page:ab")], known)
    assert [each.field for each in found.pop(second.ticket_id).errors] == ["photos.0"]
    assert [each.field for each in found.pop(wrong.ticket_id).errors] == [
        "photos.0", "photos.1", "photos.2", "photos.3",
    ]  # fmt: skip
    assert not found
    twice = claim(mine.photo_id, mine.photo_id)
    assert [each.field for each in judge([twice], known)[twice.ticket_id].errors] == ["photos.1"]


def test_a_refused_claim_leaves_its_photos_to_the_next() -> None:
    mine = waiting()
    bad, good = claim(mine.photo_id, uuid4()), claim(mine.photo_id)
    assert set(judge([bad, good], {mine.photo_id: mine})) == {bad.ticket_id}


def test_nine_photos_are_the_limit_with_those_there() -> None:
    photos = [waiting() for _ in range(5)]
    known = {each.photo_id: each for each in photos}
    asked = claim(*known)
    assert not judge([asked], known, there=4)
    assert [e.field for e in judge([asked], known, there=5)[asked.ticket_id].errors] == ["photos"]


def test_owners_are_units_pages_or_single_names() -> None:
    operator = Actor(role=Role.OPERATOR, unit="C-RXZX", name="甲")
    lead = Actor(role=Role.SHIFT_LEAD, unit="C-RXZX", name="乙")
    assert owner_of(operator) == owner_of(lead)
    system = Actor(role=Role.SYSTEM, name="replay")
    owners = {
        owner_of(operator),
        owner_of(system),
        owner_of(system, page="1f"),
        owner_of(lead, page="2e"),
    }
    assert len(owners) == 4


def test_a_link_is_for_one_picture_and_expires() -> None:
    key, photo_id = link_key("a secret"), uuid4()
    link = signed(key, photo_id, Size.THUMB, now=NOW, lasts=timedelta(minutes=10))
    assert link == signed(
        key, photo_id, Size.THUMB, now=NOW - timedelta(minutes=2), lasts=timedelta(minutes=10)
    )  # the same for a while, so that a browser's cache knows it
    path, _, query = link.partition("?")
    assert path == f"/photos/{photo_id}"
    values = dict(part.split("=") for part in query.split("&"))
    exp, sig = int(values["exp"]), values["sig"]
    until = datetime.fromtimestamp(exp, UTC)
    assert timedelta(minutes=10) <= until - NOW <= timedelta(minutes=15)
    last = until - timedelta(seconds=1)
    assert holds(key, photo_id, Size.THUMB, exp=exp, sig=sig, now=last)
    assert not holds(key, photo_id, Size.THUMB, exp=exp, sig=sig, now=until)
    assert not holds(key, photo_id, Size.FULL, exp=exp, sig=sig, now=NOW)
    assert not holds(key, uuid4(), Size.THUMB, exp=exp, sig=sig, now=NOW)
    assert not holds(key, photo_id, Size.THUMB, exp=exp + 1, sig=sig, now=NOW)
    assert not holds(link_key("another"), photo_id, Size.THUMB, exp=exp, sig=sig, now=NOW)
    assert not holds(key, photo_id, Size.THUMB, exp=exp, sig="密\ud800", now=NOW)
