"""Settings of a service, read once from the environment and passed down."""

from pathlib import Path
from typing import Literal, Self

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    PostgresDsn,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaAccess(BaseModel):
    """Where Kafka is, and who we are there."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)  # it holds a password

    kafka_bootstrap: str
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None  # absent: the system's authorities

    @property
    def has_tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")

    @property
    def has_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.has_sasl and not (self.kafka_sasl_username and self.kafka_sasl_password):
            raise ValueError(
                f"{self.kafka_security_protocol} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
            )
        return self


class KafkaSettings(BaseSettings, KafkaAccess):
    """Kafka as the environment names it; each variable is prefixed SHAODAO_."""

    model_config = SettingsConfigDict(
        env_prefix="SHAODAO_", frozen=True, extra="ignore", hide_input_in_errors=True
    )


class ServiceSettings(KafkaSettings):
    """What every service needs; each variable is prefixed SHAODAO_."""

    database_url: PostgresDsn
    topic_prefix: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=1, le=65535)
    clock_file: Path | None = None  # absent: real time
    token_secret: SecretStr
    log_format: str = Field(default="json", pattern="^(json|text)$")
    log_level: str = "INFO"
    pool_size: int = Field(default=10, ge=3, le=100)
    batch_records: int = Field(default=500, ge=1, le=5000)
    relay_rows: int = Field(default=5000, ge=1, le=20000)
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
