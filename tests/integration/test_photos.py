"""Photos over HTTP: taken in, attached once, seen by who may, gone when nobody took them."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image

from deploy.local.ports import free_base
from services.intake.album import Album, clean, keep
from services.intake.app import MIGRATIONS, IntakeSettings
from shared.runtime.service import Runtime, running
from shared.uploads.objects import ObjectStore
from shared.web.identity import issue_token
from tests.support.intake import Intake, settings, utc_now
from tests.support.played_router import ASSISTING, LEAD, Whistle
from tests.support.serving import SECRET
from tests.support.waiting import eventually

LAT, LON = (41.0, 36.0, 16.5888), (108.0, 18.0, 43.8084)
BODY_LIMIT = 10_020_000


def camera_file(colour: str = "red") -> bytes:
    """A photo as a phone makes it: a place, a time, a name in it."""
    exif = Image.Exif()
    exif[0x010F] = "赵小明的手机"
    exif.get_ifd(0x8825).update({1: "N", 2: LAT, 3: "E", 4: LON})
    exif.get_ifd(0x8769).update({0x9003: "2026:09:14 08:59:30", 0x9011: "+08:00"})
    out = BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


def bearer(role: str = "operator", unit: str | None = "C-RXZX") -> dict[str, str]:
    token = issue_token(SECRET, role=role, unit=unit, name="测试员")
    return {"Authorization": f"Bearer {token}"}


async def upload(
    intake: Intake, data: bytes, *, role: str = "operator", unit: str | None = "C-RXZX"
) -> httpx.Response:
    # what it calls itself is not looked at
    files = {"file": ("../../evil.svg", data, "image/svg+xml")}
    return await intake.http.post(
        f"{intake.url}/api/v1/photos", headers=bearer(role, unit), files=files
    )


async def uploaded(intake: Intake, colour: str = "red") -> dict[str, Any]:
    answer = await upload(intake, camera_file(colour))
    assert answer.status_code == 201, answer.text
    photo: dict[str, Any] = answer.json()
    return photo


async def submit(intake: Intake, **fields: Any) -> httpx.Response:
    return await intake.call(
        "POST",
        "",
        unit="C-RXZX",
        json={
            "channel": "hotline",
            "description": "楼下的路灯已经三天不亮了，请尽快来修。",
            "place": {"region": "159902001001"},
            "category": "0205",
            **fields,
        },
    )


async def test_a_photo_is_taken_in_and_shown_by_links_that_expire(intake: Intake) -> None:
    photo = await uploaded(intake)
    assert (photo["media_type"], photo["width"], photo["height"]) == ("image/jpeg", 640, 480)
    assert photo["taken_at"] == "2026-09-14T00:59:30Z"
    assert (photo["lat"], photo["lon"]) == pytest.approx((41.604608, 108.312169), abs=1e-6)
    for link, wide in ((photo["url"], 640), (photo["thumb"], 320)):
        answer = await intake.http.get(intake.url + link)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"] == (
            f'inline; filename="{photo["photo_id"]}.jpg"'
        )
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"].startswith("private")
        assert "赵".encode() not in answer.content
        assert b"Exif" not in answer.content
        with Image.open(BytesIO(answer.content)) as image:
            assert image.width == wide
            assert not image.getexif()
        tag = {"If-None-Match": answer.headers["etag"]}
        assert (await intake.http.get(intake.url + link, headers=tag)).status_code == 304
    forged = photo["thumb"].replace("size=thumb", "size=full")
    assert (await intake.http.get(intake.url + forged)).status_code == 404
    assert (await intake.http.get(f"{intake.url}/photos/{photo['photo_id']}")).status_code == 422


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "兼容性最佳"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
        (camera_file()[:2000], "损坏"),
        (camera_file() + bytes(10_000_000), "10 MB"),
    ],
)
async def test_what_is_refused_says_why_and_leaves_nothing(
    intake: Intake, data: bytes, words: str
) -> None:
    answer = await upload(intake, data)
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == ["file"]
    assert words in answer.json()["errors"][0]["zh"]
    assert await intake.rows("select 1 from photo") == []


async def test_limits_and_rights_of_uploads(intake: Intake) -> None:
    huge = await upload(intake, bytes(BODY_LIMIT))
    assert (huge.status_code, huge.json()["code"]) == (413, "too_large")
    address = f"{intake.url}/api/v1/photos"
    # elsewhere the ordinary limit holds
    elsewhere = await intake.http.post(
        f"{intake.url}/api/v1/tickets", headers=bearer(), content=bytes(1_100_000)
    )
    assert elsewhere.status_code == 413
    bare = await intake.http.post(address, headers=bearer(), content=camera_file())
    assert (bare.status_code, bare.json()["errors"][0]["field"]) == (422, "file")
    assert (await intake.http.post(address, files={"file": b"x"})).status_code == 401
    assert (await upload(intake, camera_file(), role="liaison", unit="BH-CGJ")).status_code == 403
    photo = await uploaded(intake)
    own = f"{address}/{photo['photo_id']}"
    for headers, status in (
        (bearer("street_officer", "S-159902001"), 404),  # another's
        (bearer("shift_lead"), 204),  # a colleague's
        (bearer(), 404),  # gone
    ):
        assert (await intake.http.delete(own, headers=headers)).status_code == status
    assert (await intake.http.get(intake.url + photo["thumb"])).status_code == 404


async def test_photos_go_to_one_ticket_and_its_event(intake: Intake) -> None:
    photos = [await uploaded(intake, colour) for colour in ("red", "green", "blue")]
    ids = [each["photo_id"] for each in photos]
    receipt = await submit(intake, photos=ids[1:])
    assert receipt.status_code == 201, receipt.text
    ticket_id = receipt.json()["ticket_id"]
    fact = await intake.says("registered", ticket_id)
    assert fact["attachments"] == [
        {
            "url": f"{intake.url}/api/v1/photos/{each['photo_id']}/file",
            "media_type": "image/jpeg",
            "sha256": each["sha256"],
        }
        for each in photos[1:]
    ]
    ticket = await intake.ticket(ticket_id)
    assert [each["photo_id"] for each in ticket["photos"]] == ids[1:]
    shown = await intake.http.get(intake.url + ticket["photos"][0]["thumb"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    # used, unknown, another's: each is named, and no ticket is made
    wrong = await submit(intake, photos=[ids[0], ids[1], str(uuid4())])
    assert wrong.status_code == 422
    assert [each["field"] for each in wrong.json()["errors"]] == ["photos.1", "photos.2"]
    assert (await submit(intake, photos=[ids[0]] * 2)).status_code == 422
    assert (await submit(intake, photos=[str(uuid4())] * 10)).status_code == 422
    place = {"region": "159902001001"}
    asked = {"channel": "qr_code", "description": "", "category": "0205", "place": place}
    foreign = await intake.call("POST", "", role="system", json={**asked, "photos": [ids[0]]})
    assert [each["field"] for each in foreign.json()["errors"]] == ["photos.0"]
    assert len(await intake.rows("select 1 from ticket")) == 1
    # a supplement adds, up to nine
    more = await intake.call(
        "POST", f"/{ticket_id}/supplements", unit="C-RXZX", json={"photos": [ids[0]]}
    )
    assert more.status_code == 200, more.text
    said = await intake.says("supplemented", ticket_id)
    assert [each["sha256"] for each in said["attachments"]] == [photos[0]["sha256"]]
    ticket = await intake.ticket(ticket_id)
    assert [each["photo_id"] for each in ticket["photos"]] == [ids[1], ids[2], ids[0]]
    assert ticket["timeline"][-1]["zh"] == "补充：照片 1 张"
    assert (
        await intake.call("POST", f"/{ticket_id}/supplements", unit="C-RXZX", json={"text": "啊"})
    ).status_code == 422


async def test_a_repeat_is_the_same_ticket_and_a_refusal_leaves_its_key_free(
    intake: Intake,
) -> None:
    photo = await uploaded(intake)
    source = {"system": "app", "number": "7"}
    bad = await submit(intake, photos=[str(uuid4())], source=source)
    assert bad.status_code == 422
    first = await submit(intake, photos=[photo["photo_id"]], source=source)
    assert first.status_code == 201, first.text
    again = await submit(intake, photos=[photo["photo_id"]], source=source)
    assert (again.status_code, again.content) == (200, first.content)


async def test_a_photo_with_a_label_is_a_request_except_at_the_desk(intake: Intake) -> None:
    photo = await uploaded(intake)
    asked = {"description": "", "photos": [photo["photo_id"]]}
    assert (await submit(intake, **asked)).status_code == 422
    assert (await submit(intake, **asked, channel="one_tap", category=None)).status_code == 422
    made = await submit(intake, **asked, channel="one_tap")
    assert made.status_code == 201, made.text
    ticket = await intake.ticket(made.json()["ticket_id"])
    assert ticket["summary"].endswith("（见照片）")
    assert ticket["title"]


async def test_called_units_fetch_the_file_and_nobody_else(intake: Intake) -> None:
    photo = await uploaded(intake)
    receipt = (await submit(intake, photos=[photo["photo_id"]])).json()
    address = f"{intake.url}/api/v1/photos/{photo['photo_id']}/file"

    async def status(role: str, unit: str | None) -> int:
        return (await intake.http.get(address, headers=bearer(role, unit))).status_code

    assert await status("department", "BH-CGJ") == 404
    await intake.rows(
        "insert into unit_call (ticket_id, assignment_id, whistle_id, unit, relation, state)"
        " values ($1, gen_random_uuid(), gen_random_uuid(), 'BH-CGJ', 'lead', 'offered')",
        receipt["ticket_id"],
    )
    for role in ("department", "liaison", "handler"):
        assert await status(role, "BH-CGJ") == 200
        assert await status(role, "HL-CGJ") == 404
    assert await status("operator", "C-RXZX") == 200
    assert await status("street_officer", "S-159902001") == 200
    assert await status("street_officer", "S-159902002") == 404
    assert (await intake.http.get(address)).status_code == 401
    await intake.rows("update unit_call set state = 'returned'")
    assert await status("liaison", "BH-CGJ") == 404


async def test_an_event_names_where_a_called_unit_fetches_with_its_own_token(
    intake: Intake,
) -> None:
    photo = await uploaded(intake)
    ticket_id = (await submit(intake, photos=[photo["photo_id"]])).json()["ticket_id"]
    (attachment,) = (await intake.says("registered", ticket_id))["attachments"]
    whistle = Whistle(intake, UUID(ticket_id))

    async def fetched(unit: str) -> httpx.Response:
        return await intake.http.get(attachment["url"], headers=bearer("department", unit))

    assert (await fetched(LEAD)).status_code == 404
    await whistle.blow()
    got = await eventually(lambda: fetched(LEAD), until=lambda answer: answer.status_code == 200)
    assert hashlib.sha256(got.content).hexdigest() == attachment["sha256"]
    assert (await fetched(ASSISTING)).status_code == 200
    assert (await fetched("HL-CGJ")).status_code == 404
    await whistle.acknowledge()
    await whistle.resolve()
    await whistle.close()

    async def closed() -> list[Any]:
        return await intake.rows("select from unit_call where state = 'released'")

    await eventually(closed)  # the assisting unit had not finished
    assert (await fetched(LEAD)).status_code == 200
    assert (await fetched(ASSISTING)).status_code == 404


async def test_a_confidential_ticket_forgets_where_its_photos_were_taken(intake: Intake) -> None:
    photo = await uploaded(intake)
    made = await submit(intake, photos=[photo["photo_id"]], type="tip_off")
    ticket = await intake.ticket(made.json()["ticket_id"])
    (shown,) = ticket["photos"]
    assert (ticket["confidential"], shown["lat"], shown["taken_at"]) == (True, None, None)
    (row,) = await intake.rows("select lat, lon, taken_at from photo")
    assert tuple(row) == (None, None, None)


@pytest.fixture
async def own_runtime(
    database: Any, kafka: str, prefix: str, tmp_path: Path
) -> AsyncIterator[tuple[Runtime, Album, Path]]:
    """A runtime that is not started, with an album in a folder."""
    dsn = await database(MIGRATIONS)
    folder = tmp_path / "of photos"
    made: IntakeSettings = settings(dsn, kafka, prefix, free_base())
    async with running(made, name="intake", migrations=MIGRATIONS) as runtime:
        yield runtime, Album(objects=ObjectStore(folder.as_uri())), folder


async def test_unused_photos_go_after_a_day_and_objects_with_the_last_that_uses_them(
    own_runtime: tuple[Runtime, Album, Path],
) -> None:
    runtime, album, folder = own_runtime
    now = utc_now()
    data = camera_file()
    await keep(runtime, album, data, owner="page:1", now=now)
    await keep(runtime, album, data, owner="page:2", now=now + timedelta(hours=1))

    def files() -> list[Path]:
        return [path for path in folder.rglob("*") if path.is_file()]

    assert len(files()) == 2  # a picture and its thumbnail, shared by both
    assert await clean(runtime, album, now=now + timedelta(hours=24)) == (0, 0)
    first = now + timedelta(hours=24, minutes=30)
    assert await clean(runtime, album, now=first) == (1, 2)
    assert len(files()) == 2
    assert await clean(runtime, album, now=now + timedelta(hours=26)) == (1, 2)
    assert files() == []
