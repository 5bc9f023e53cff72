"""What sending is decided by: pauses, circuits, addresses that may be called, texts."""

import ipaddress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from services.intake.sending import TEXTS
from shared.contracts.ids import new_id
from shared.delivery.address import Allowed, UnsafeAddressError, check_url, safe_address
from shared.delivery.calling import retry_after
from shared.delivery.lane import LONGEST_PAUSE, MOST_AT_ONCE, TRIPS, Lane
from shared.delivery.leases import Delivery
from shared.delivery.outcome import PAUSES, pause_after
from shared.delivery.outgoing import Channel
from shared.delivery.texts import TextError, Texts
from shared.delivery.webhook import body_of, new_secret, signed
from shared.runtime.clock import wall_now

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)


def test_webhooks_are_tried_for_three_days_and_texts_for_hours() -> None:
    webhook, sms = (sum(PAUSES[c], timedelta()) for c in (Channel.WEBHOOK, Channel.SMS))
    assert timedelta(days=3) <= webhook < timedelta(days=4)
    assert timedelta(hours=3) <= sms < timedelta(hours=6)
    for channel, pauses in PAUSES.items():
        assert list(pauses) == sorted(pauses)
        for tries, pause in enumerate(pauses, 1):
            for chance in (0.0, 0.5, 1.0):
                waited = pause_after(channel, tries, chance=chance)
                assert waited is not None
                assert 0.79 * pause <= waited <= 1.21 * pause
        assert pause_after(channel, len(pauses) + 1, chance=0.5) is None


def test_the_other_sides_word_is_waited_for_but_not_for_ever() -> None:
    def waited(**asked: float) -> timedelta | None:
        return pause_after(Channel.WEBHOOK, 1, chance=0.5, retry_after=timedelta(**asked))

    assert waited(seconds=1) == timedelta(seconds=5)
    assert waited(minutes=7) == timedelta(minutes=7)
    assert waited(days=400) == timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("120", 120.0),
        (format_datetime(NOW + timedelta(minutes=3), usegmt=True), 180.0),
        (format_datetime(NOW - timedelta(minutes=3), usegmt=True), 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 30, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, wanted: float | None) -> None:
    answer = httpx.Response(503, headers={"retry-after": text})
    found = retry_after(answer, NOW)
    assert (found.total_seconds() if found is not None else None) == wanted


def test_a_circuit_opens_on_failures_and_asks_by_a_single_try() -> None:
    lane = Lane()
    assert lane.room(NOW) == MOST_AT_ONCE
    for _ in range(TRIPS - 1):
        lane.failed(NOW)
    assert lane.room(NOW) == MOST_AT_ONCE
    lane.failed(NOW)
    lane.failed(NOW)  # one begun before it opened counts no more
    assert lane.failures == TRIPS
    assert lane.is_open
    assert lane.room(NOW) == 0
    later = NOW + timedelta(seconds=10)
    assert lane.room(later) == 1
    lane.under_way = 1
    assert lane.room(later) == 0
    for _ in range(30):
        lane.failed(later)
        assert lane.shut_until is not None
        assert lane.shut_until - later <= LONGEST_PAUSE
        later = lane.shut_until
    lane.worked()
    assert lane.room(NOW) == MOST_AT_ONCE - 1


BAD_URLS = [
    "http://example.gov.cn/hook", "ftp://example.gov.cn/", "https://", "https://u:p@example.cn/",
    "https://example.cn/#part", "https://例子.cn/", "https://example.cn/a b", "//example.cn",
    "https://example.cn:0/", "https://example.cn:99999/", "https://[::1", "file:///etc/passwd",
    "https://example.cn/" + "a" * 500, "http://127.0.0.1.example.cn/", "javascript:alert(1)",
    "https://example.cn/\r\nX: y",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_is_never_called(url: str) -> None:
    with pytest.raises(UnsafeAddressError):
        check_url(url)


def test_addresses_that_may_be_called() -> None:
    for url in ("https://example.cn/a?b=c", "http://127.0.0.1:8080/", "http://localhost/x",
                "http://[::1]:99/", "https://10.1.2.3/hook"):  # fmt: skip
        check_url(url)


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
    "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "ff02::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_our_own_network_is_not_called(address: str) -> None:
    assert not Allowed().has(ipaddress.ip_address(address))


async def test_a_network_may_be_allowed() -> None:
    assert Allowed().has(ipaddress.ip_address("1.1.1.1"))
    assert Allowed().has(ipaddress.ip_address("2606:4700::1"))
    allowed = Allowed.read("10.0.0.0/8, 127.0.0.1/32")
    assert allowed.has(ipaddress.ip_address("10.9.9.9"))
    assert allowed.has(ipaddress.ip_address("::ffff:10.9.9.9"))
    assert not allowed.has(ipaddress.ip_address("192.168.0.1"))
    parts = check_url("http://127.0.0.1:80/")
    assert str(await safe_address(parts, allowed)) == "127.0.0.1"
    with pytest.raises(UnsafeAddressError, match="not public"):
        await safe_address(parts, Allowed())
    with pytest.raises(ValueError):
        Allowed.read("10.0.0.0/99")


def test_a_body_is_signed_with_each_secret_in_use() -> None:
    one, two = new_secret(), new_secret()
    delivery = Delivery(
        delivery_id=new_id(NOW),
        channel=Channel.WEBHOOK,
        destination="webhook:source:a",
        recipient="source:a",
        template="ticket.closed",
        values={"zh": "已结束"},
        about=None,
        attempts=0,
        fence=1,
        expires_at=None,
        created_at=NOW,
    )
    headers = signed(delivery, (one, two), at=wall_now())
    for secret in (one, two):
        assert Webhook(secret).verify(body_of(delivery), headers)["data"] == {"zh": "已结束"}
    assert headers["webhook-id"] == str(delivery.delivery_id)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[sms.a]\nzh = "甲"', "needs zh and en"),
        ('[sms.a]\nzh = "甲{n}"\nen = "A"', "same places"),
        ('[sms.a]\nzh = "甲{n!r}"\nen = "A{n!r}"', "no place"),
    ],
)
def test_wrong_texts_are_refused(tmp_path: Path, toml: str, words: str) -> None:
    path = tmp_path / "sms.toml"
    path.write_text(toml)
    with pytest.raises(TextError, match=words):
        Texts(path)


def test_intakes_texts_are_whole() -> None:
    texts = Texts(TEXTS)
    assert {"registered", "code", "resolved", "callback", "info_requested", "reopened"} <= (
        texts.names
    )
    for name in texts.names:
        values = {place: "{number}" for place in texts.places(name)}  # a value is never a place
        for lang in ("zh", "en"):
            text = texts.render(name, {**values, "lang": lang})
            assert len(text) <= 160
            assert text.count("{number}") == len(values)
        with pytest.raises(TextError, match="lacks"):
            texts.render(name, {})
