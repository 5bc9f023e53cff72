"""Setting up: which mirror is asked, what a broken or stalled download says, how options read."""

import hashlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import typer
from jgo.constants import MAVEN_CENTRAL_URL

from deploy.cli.options import parse_duration, parse_rate
from deploy.local import install, jars
from deploy.local.errors import DownloadError
from deploy.local.mirrors import maven_repository

JAR = b"not really a jar"
LOCK = """
[[dependencies]]
groupId = "org.example"
artifactId = "thing"
version = "1.0"
packaging = "jar"
sha256 = "{sha256}"
"""


def _settings(home: Path, mirrors: str) -> None:
    (home / ".m2").mkdir(parents=True)
    (home / ".m2" / "settings.xml").write_text(
        f'<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors>{mirrors}</mirrors>'
        "</settings>"
    )


def _mirror(of: str, url: str) -> str:
    return f"<mirror><id>m</id><mirrorOf>{of}</mirrorOf><url>{url}</url></mirror>"


@pytest.mark.parametrize(
    ("of", "taken"),
    [
        ("central", True),
        ("*", True),
        ("external:*", True),
        ("internal, central", True),
        ("*,!central", False),
        ("internal", False),
    ],
)
def test_the_mirror_of_maven_settings_is_used_when_it_stands_for_central(
    of: str, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "none"))
    _settings(tmp_path, _mirror(of, "https://mirror.example/maven/"))
    expected = "https://mirror.example/maven" if taken else MAVEN_CENTRAL_URL
    assert maven_repository({}, tmp_path) == expected


def test_the_environment_goes_before_maven_settings(tmp_path: Path) -> None:
    _settings(tmp_path, _mirror("*", "https://mirror.example/maven"))
    chosen = {"SHAODAO_MAVEN_URL": "https://own.example/m2/"}
    assert maven_repository(chosen, tmp_path) == "https://own.example/m2"


@contextmanager
def _repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: bytes) -> Iterator[None]:
    """A Maven repository on this machine that serves `answer` for every file."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not answer:
                over.wait(20)  # a stalled mirror: accepts, and says nothing
                return
            checksum = self.path.endswith(".sha1")
            body = hashlib.sha1(answer).hexdigest().encode() if checksum else answer
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    lock = tmp_path / "lock.toml"
    lock.write_text(LOCK.format(sha256=hashlib.sha256(JAR).hexdigest()))
    monkeypatch.setattr(jars, "LOCK", lock)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("SHAODAO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SHAODAO_MAVEN_URL", f"http://127.0.0.1:{server.server_port}/m2")
    try:
        yield
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def test_a_jar_that_matches_is_fetched_once_and_a_cut_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / "cache" / "maven" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    cut.parent.mkdir(parents=True)
    cut.write_bytes(JAR[:5])  # an earlier download was interrupted
    with _repository(monkeypatch, tmp_path, JAR):
        assert [jar.read_bytes() for jar in jars.kafka_jars()] == [JAR]
    assert [jar.read_bytes() for jar in jars.kafka_jars()] == [JAR]  # nobody to ask any more


def test_a_changed_jar_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        _repository(monkeypatch, tmp_path, b"something else"),
        pytest.raises(DownloadError, match="checksum"),
    ):
        jars.kafka_jars()


def test_a_stalled_download_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "STALLED_SECONDS", 0.3)
    with (
        _repository(monkeypatch, tmp_path, b""),
        pytest.raises(DownloadError, match="SHAODAO_MAVEN_URL") as told,
    ):
        jars.kafka_jars()
    assert "settings.xml" in told.value.zh


def test_a_step_of_the_setup_speaks_up_when_quiet_and_when_it_fails(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "QUIET_SECONDS", 0.2)
    program = "import time; print('here', flush=True); time.sleep(0.7); raise SystemExit(3)"
    assert install.run("pip", [sys.executable, "-c", program]) == 3
    said = capfd.readouterr()
    assert said.out == "here\n"
    assert "没有进展" in said.err
    assert said.err.count("PIP_INDEX_URL") >= 2  # while quiet, and at the end
    assert install.run("npm", [sys.executable, "-c", "pass"]) == 0
    assert capfd.readouterr().err == ""


def test_durations_and_rates_read_as_written() -> None:
    assert parse_duration("3d") == timedelta(days=3)
    assert parse_duration("1h30m") == timedelta(minutes=90)
    assert parse_rate("60x") == parse_rate("60") == 60.0
    for wrong in ("", "3", "d3", "3 d", "-1h", "3y"):
        with pytest.raises(typer.BadParameter):
            parse_duration(wrong)
    for wrong in ("fast", "0x", "-1", "x", "nan", "inf"):
        with pytest.raises(typer.BadParameter):
            parse_rate(wrong)
