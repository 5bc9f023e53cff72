"""Files of units: taken in by their bytes, kept once, seen by whom their whistle concerns."""

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from deploy.local import clock_file
from deploy.local.ports import free_base
from services.router.app import MIGRATIONS
from services.router.files import Shelf, keep
from services.router.look import Sight
from services.router.unnamed_files import let_go
from shared.contracts.parts import Actor, Role
from shared.runtime.clock import wall_now
from shared.runtime.service import running
from shared.uploads.objects import ObjectStore
from tests.support.router import Router, router_on, settings
from tests.unit.router.samples import COMMUNITY as REGION
from tests.unit.router.samples import MONDAY, STREET

LEAD, OTHER, COMMUNITY = "BH-CGJ", "BH-ZJJ", f"Q-{REGION}"
LAT, LON = (41.0, 36.0, 16.5888), (108.0, 18.0, 43.8084)
PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\nstartxref\n9\n%%EOF\n"


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    units = (LEAD, OTHER, STREET, COMMUNITY)
    await topics_of(prefix, units)
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=units) as made:
        yield made


def photo(colour: str = "red") -> bytes:
    """A photo as a phone makes it: a place, a time, a name in it."""
    exif = Image.Exif()
    exif[0x010F] = "赵小明的手机"
    exif.get_ifd(0x8825).update({1: "N", 2: LAT, 3: "E", 4: LON})
    exif.get_ifd(0x8769).update({0x9003: "2026:09:14 08:59:30", 0x9011: "+08:00"})
    out = BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


async def upload(
    router: Router,
    data: bytes,
    *,
    role: str = "department",
    unit: str | None = LEAD,
    **fields: str,
) -> httpx.Response:
    files = {"file": ("../现场.exe", data, "text/html")}  # what it calls itself is not looked at
    return await router.call("POST", "/files", role=role, unit=unit, files=files, data=fields)


async def fetch(
    router: Router, url: str, *, role: str, unit: str | None = None, **more: Any
) -> httpx.Response:
    """By its lasting address, as a unit's system finds it in an event."""
    path = url.removeprefix(f"{router.url}/api/v1")
    assert path != url
    return await router.call("GET", path, role=role, unit=unit, **more)


async def test_a_photo_is_redrawn_and_its_camera_told(router: Router) -> None:
    data = photo()
    answer = await upload(router, data)
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["media_type"], file["width"], file["height"]) == ("image/jpeg", 640, 480)
    assert file["taken_at"] == "2026-09-14T00:59:30Z"
    assert (file["lat"], file["lon"]) == pytest.approx((41.604608, 108.312169), abs=1e-6)
    assert file["original_sha256"] == hashlib.sha256(data).hexdigest()
    shown = await fetch(router, file["url"], role="department", unit=LEAD)
    assert shown.status_code == 200, shown.text
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["content-disposition"] == f'inline; filename="{file["file_id"]}.jpg"'
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert hashlib.sha256(shown.content).hexdigest() == file["sha256"]
    assert "赵".encode() not in shown.content
    assert b"Exif" not in shown.content
    small = await fetch(router, file["thumb"], role="liaison", unit=LEAD)
    with Image.open(BytesIO(small.content)) as image:
        assert image.width == 320
    tag = {"If-None-Match": shown.headers["etag"]}
    again = await fetch(router, file["url"], role="liaison", unit=LEAD, headers=tag)
    assert again.status_code == 304


async def test_the_same_file_of_a_unit_is_kept_once(router: Router) -> None:
    first = (await upload(router, photo())).json()
    again = await upload(router, photo())
    assert (again.status_code, again.json()["file_id"]) == (200, first["file_id"])
    others = await upload(router, photo(), unit=OTHER)
    assert (others.status_code, others.json()["sha256"]) == (201, first["sha256"])
    assert others.json()["file_id"] != first["file_id"]
    desk = await upload(router, photo(), role="reviewer", unit=None)
    assert desk.status_code == 201
    assert (await upload(router, photo(), role="reviewer", unit=None)).status_code == 200


async def test_a_pdf_is_taken_as_it_is_and_never_shown_in_place(router: Router) -> None:
    answer = await upload(router, PDF)
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["media_type"], file["width"], file["thumb"]) == ("application/pdf", None, None)
    shown = await fetch(router, file["url"], role="supervisor")
    assert (shown.content, shown.headers["content-type"]) == (PDF, "application/pdf")
    assert shown.headers["content-disposition"].startswith("attachment;")


async def test_what_is_refused_says_why_and_leaves_nothing(router: Router) -> None:
    for words, data in (
        ("不是照片文件", b"<html><script>alert(1)</script>"),
        ("不是照片文件", b"MZ\x90\0\x03"),
        ("损坏", photo()[:2000]),
        ("不完整", PDF[:-6]),
        ("加密", PDF.replace(b"/Catalog", b"/Catalog /Encrypt 2 0 R")),
        ("10 MB", photo() + bytes(10_000_000)),
        ("空", b""),
    ):
        answer = await upload(router, data)
        assert answer.status_code == 422, words
        assert words in answer.json()["errors"][0]["zh"]
    assert await router.rows("select from file") == []


async def test_who_sees_a_file(router: Router) -> None:
    whistle_id = await router.blown(await router.registers())
    alone = (await upload(router, photo("blue"), unit=LEAD)).json()
    bound = (await upload(router, photo("green"), unit=LEAD, whistle_id=whistle_id)).json()
    for role, unit, file, status in (
        ("liaison", LEAD, alone, 200),
        ("liaison", OTHER, alone, 404),
        ("street_officer", STREET, alone, 404),
        ("reviewer", None, alone, 200),
        ("department", LEAD, bound, 200),
        ("department", OTHER, bound, 404),
        ("community_worker", COMMUNITY, bound, 200),
        ("street_officer", STREET, bound, 200),
        ("street_officer", "S-159902002", bound, 404),
    ):
        answer = await fetch(router, file["url"], role=role, unit=unit)
        assert answer.status_code == status, (role, unit, status)
    listed = await router.call("GET", "/files", role="reviewer", params={"whistle_id": whistle_id})
    assert [file["file_id"] for file in listed.json()["items"]] == [bound["file_id"]]
    hidden = await router.call(
        "GET", "/files", role="liaison", unit=OTHER, params={"whistle_id": whistle_id}
    )
    assert hidden.status_code == 404
    foreign = await upload(router, photo("grey"), unit=OTHER, whistle_id=whistle_id)
    assert foreign.json()["errors"][0]["field"] == "whistle_id"
    # the same photo again, now named for the whistle
    again = await upload(router, photo("blue"), unit=LEAD, whistle_id=whistle_id)
    assert again.status_code == 200
    seen = await fetch(router, alone["url"], role="community_worker", unit=COMMUNITY)
    assert seen.status_code == 200


async def test_who_may_upload(router: Router) -> None:
    for role, unit, status in (
        ("grid_worker", COMMUNITY, 201),
        ("handler", LEAD, 201),
        ("auditor", None, 403),
        ("operator", "C-RXZX", 403),
    ):
        answer = await upload(router, photo(), role=role, unit=unit)
        assert answer.status_code == status, (role, answer.text)


async def test_what_no_whistle_named_is_let_go_after_a_week(
    database: Any, kafka: str, prefix: str, tmp_path: Path
) -> None:
    dsn = await database(MIGRATIONS)
    clock_file.write_initial(tmp_path / "clock.json", MONDAY, 1.0, wall=wall_now())
    made = settings(dsn, kafka, prefix, free_base(), tmp_path / "clock.json")
    objects, later = ObjectStore((tmp_path / "files").as_uri()), MONDAY + timedelta(days=8)
    async with running(made, name="router", migrations=MIGRATIONS) as runtime:
        shelf = Shelf(objects=objects, address="http://router")

        async def kept(unit: str, data: bytes, at: datetime) -> None:
            actor = Actor(role=Role.DEPARTMENT, unit=unit)
            await keep(runtime, shelf, data, actor=actor, whistle_id=None, sight=Sight(), now=at)

        await kept(LEAD, photo("red"), MONDAY)
        await kept(LEAD, photo("blue"), MONDAY)
        await kept(OTHER, photo("blue"), later)  # the same bytes, and it is young
        assert await let_go(runtime, objects, now=later) == 2  # the red one and its thumbnail
        async with runtime.pool.acquire() as connection:
            rows = await connection.fetch("select unit from file")
    assert [row["unit"] for row in rows] == [OTHER]
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 2
