"""Settings from files that the environment names, and what a settings object never shows."""

import pytest
from pydantic import ValidationError

from services.intake.app import IntakeSettings
from shared.runtime.settings import ServiceSettings, VaultSettings

DSN = "postgresql://intake:geheim@db/intake?sslmode=verify-full"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name, value in {"dsn": DSN, "token": "t0p-secret", "key": "a key"}.items():
        (tmp_path / name).write_text(value + "\n")
    monkeypatch.setenv("SHAODAO_KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("SHAODAO_DATABASE_URL_FILE", str(tmp_path / "dsn"))
    monkeypatch.setenv("SHAODAO_TOKEN_SECRET_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("SHAODAO_VAULT_KEY_FILE", str(tmp_path / "key"))


def test_a_setting_may_stand_in_a_file() -> None:
    settings = IntakeSettings()
    assert str(settings.database_url) == DSN
    assert settings.token_secret.get_secret_value() == "t0p-secret"
    assert settings.vault_keys() == ["a key"]


def test_a_password_of_kafka_may_stand_in_a_file(monkeypatch, tmp_path) -> None:
    (tmp_path / "kafka").write_text("let me in\r\n")
    monkeypatch.setenv("SHAODAO_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("SHAODAO_KAFKA_SASL_USERNAME", "intake")
    monkeypatch.setenv("SHAODAO_KAFKA_SASL_PASSWORD_FILE", str(tmp_path / "kafka"))
    assert ServiceSettings().kafka_sasl_password.get_secret_value() == "let me in"


def test_a_setting_given_both_ways_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("SHAODAO_TOKEN_SECRET", "another")
    with pytest.raises(ValueError, match="SHAODAO_TOKEN_SECRET and SHAODAO_TOKEN_SECRET_FILE"):
        IntakeSettings()


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("SHAODAO_TOKEN_SECRET_FILE", str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError, match="nothing"):
        IntakeSettings()


def test_a_setting_that_is_a_file_is_not_read(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("SHAODAO_CLOCK_FILE", str(tmp_path / "no-clock"))
    settings = ServiceSettings()
    assert settings.clock_file == tmp_path / "no-clock"


def test_what_was_passed_in_comes_first() -> None:
    assert ServiceSettings(token_secret="mine").token_secret.get_secret_value() == "mine"


def test_keys_before_are_separated_by_commas(monkeypatch, tmp_path) -> None:
    (tmp_path / "old").write_text("one, two,\n")
    monkeypatch.setenv("SHAODAO_VAULT_OLD_KEYS_FILE", str(tmp_path / "old"))
    assert VaultSettings().vault_keys() == ["a key", "one", "two"]


def test_settings_show_no_secret(monkeypatch, tmp_path) -> None:
    shown = repr(IntakeSettings()) + str(VaultSettings())
    assert not [word for word in ("geheim", "t0p-secret", "a key") if word in shown]
    (tmp_path / "dsn").write_text("not a dsn with geheim in it")
    with pytest.raises(ValidationError) as refused:
        IntakeSettings()
    assert "geheim" not in str(refused.value)
