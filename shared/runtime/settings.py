"""Settings of a service, read once from the environment and passed down."""

from pathlib import Path

from pydantic import AnyHttpUrl, Field, PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service needs; each variable is prefixed SHAODAO_."""

    model_config = SettingsConfigDict(env_prefix="SHAODAO_", frozen=True, extra="ignore")

    database_url: PostgresDsn
    kafka_bootstrap: str
    topic_prefix: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    clock_file: Path | None = None  # absent: real time
    token_secret: SecretStr
    log_format: str = Field(default="json", pattern="^(json|text)$")
    log_level: str = "INFO"
    pool_size: int = Field(default=10, ge=3, le=100)
    batch_records: int = Field(default=500, ge=1, le=5000)
    relay_rows: int = Field(default=2000, ge=1, le=20000)
    stalled_after_seconds: float = Field(default=60.0, ge=5.0)
    body_limit_bytes: int = Field(default=1_000_000, ge=10_000)
    intake_url: AnyHttpUrl | None = None
    router_url: AnyHttpUrl | None = None
    notifier_url: AnyHttpUrl | None = None
    sms_url: AnyHttpUrl | None = None  # absent: text messages wait
    sms_key: SecretStr = SecretStr("")
    sms_sign: str = "【云川12345】"
    webhook_networks: str = ""  # called though not public: "10.0.0.0/8,127.0.0.0/8"
    public_url: AnyHttpUrl | None = None  # what people type; absent: this service's own address
    accounts_file: Path | None = None  # absent: nobody signs in with a password
    tile_url: str | None = None  # map tiles, as Leaflet writes them: https://…/{z}/{x}/{y}
