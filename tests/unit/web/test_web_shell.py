"""What pages stand on: headers, safe ways back, static files, times in words."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.requests import Request

from shared.errors import NotFoundError
from shared.web import times
from shared.web.login import address_of
from shared.web.onward import safe_next
from shared.web.security import security_headers, tile_origin
from shared.web.static_files import StaticFiles
from shared.web.strings import Language

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize("target", ["/desk", "/tickets?state=open&x=%2F%2Fa", "/t/abc#now", "/"])
def test_a_path_of_ours_is_gone_on_to(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None, "", "desk", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil",
        "https://evil.example/desk", "javascript:alert(1)", "/\t/evil.example",
        "/a\r\nSet-Cookie:x", "/" + "a" * 3000,
    ],
)  # fmt: skip
def test_another_site_is_not(target: str | None) -> None:
    assert safe_next(target) is None


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_tries_are_counted_on_an_address_or_its_network(host: str, counted: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1), "headers": []})) == counted


def test_the_policy_allows_nothing_from_elsewhere_but_the_tiles() -> None:
    policy = security_headers(None)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    tiles = security_headers("https://t{s}.tiles.example/{z}/{x}/{y}?tk=k")
    assert "img-src 'self' data: blob: https://*.tiles.example;" in tiles["Content-Security-Policy"]
    assert tiles["Content-Security-Policy"].count("https://") == 1


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("http://127.0.0.1:9000/{z}/{x}/{y}", "http://127.0.0.1:9000"),
        ("https://t{s}.tiles.example/{z}", "https://*.tiles.example"),
    ],
)
def test_the_origin_of_tiles(url: str, origin: str) -> None:
    assert tile_origin(url) == origin


@pytest.mark.parametrize(
    "url", ["tiles", "ftp://a/b", "https://a.{s}.b/", "https://a;script-src *.b/x", "https://a b/"]
)
def test_what_is_no_address_of_tiles_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="map tiles"):
        tile_origin(url)


@pytest.mark.parametrize(
    ("moment", "zh", "en"),
    [
        (NOW, "11月23日 12:30", "23 Nov 12:30"),
        (datetime(2025, 12, 31, 16, 1, tzinfo=UTC), "1月1日 00:01", "1 Jan 00:01"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025年12月31日 23:59", "31 Dec 2025 23:59"),
    ],
)
def test_a_moment_is_told_in_the_city_s_time(moment: datetime, zh: str, en: str) -> None:
    assert times.local(moment, now=NOW, language=Language.ZH) == zh
    assert times.local(moment, now=NOW, language=Language.EN) == en


@pytest.mark.parametrize(
    ("past", "zh", "en"),
    [
        (timedelta(seconds=59), "刚刚", "just now"),
        (timedelta(minutes=5), "5 分钟前", "5 min ago"),
        (timedelta(hours=47), "47 小时前", "47 h ago"),
        (timedelta(days=2), "2 天前", "2 d ago"),
        (timedelta(minutes=-90), "还有 1 小时", "in 1 h"),
    ],
)
def test_how_long_ago(past: timedelta, zh: str, en: str) -> None:
    assert times.ago(NOW - past, now=NOW, language=Language.ZH) == zh
    assert times.ago(NOW - past, now=NOW, language=Language.EN) == en


def asked(name: str, query: str = "", **headers: str) -> Request:
    sent = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope = {
        "type": "http", "method": "GET", "path": f"/static/{name}", "headers": sent,
        "query_string": query.encode(), "path_params": {"name": name},
    }  # fmt: skip
    return Request(scope)


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    (tmp_path / "desk.js").write_text("export const a = 1;\n" * 50)
    (tmp_path / "worker.js").write_text("self.x = 1;\n")
    (tmp_path / "secret.toml").write_text("a = 1\n")
    (tmp_path / ".hidden.js").write_text("1\n")
    return StaticFiles("intake", tmp_path)


async def test_a_file_is_kept_for_good_under_its_own_version_only(
    files: StaticFiles, tmp_path: Path
) -> None:
    version = files.find("intake/desk.js").version
    assert files.url("intake/desk.js") == f"/static/intake/desk.js?v={version}"
    kept = await files.answer(asked("intake/desk.js", f"v={version}"))
    assert "immutable" in kept.headers["cache-control"]
    for query in ("", "v=other"):
        other = await files.answer(asked("intake/desk.js", query))
        assert other.headers["cache-control"] == "public, no-cache"
    packed = await files.answer(asked("intake/desk.js", accept_encoding="br, gzip"))
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == kept.body
    again = await files.answer(asked("intake/desk.js", if_none_match=f'"{version}"'))
    assert (again.status_code, again.body) == (304, b"")
    (tmp_path / "desk.js").write_text("export const a = 2;\n")
    assert files.find("intake/desk.js").version != version


async def test_a_worker_may_look_after_all_pages(files: StaticFiles) -> None:
    assert (await files.answer(asked("intake/worker.js"))).headers["service-worker-allowed"] == "/"
    assert "service-worker-allowed" not in (await files.answer(asked("intake/desk.js"))).headers


@pytest.mark.parametrize(
    "name",
    [
        "", "intake", "intake/none.js", "../pages.py", "intake/../../app.py", "intake/secret.toml",
        "intake/.hidden.js", "/etc/passwd", "vendor/icons/icons.zip", "router/desk.js",
    ],
)  # fmt: skip
def test_nothing_else_is_served(files: StaticFiles, name: str) -> None:
    with pytest.raises(NotFoundError):
        files.find(name)
