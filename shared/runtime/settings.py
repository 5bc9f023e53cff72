"""Settings of a service, read once from the environment and passed down.

Any of them may stand in a file instead: `SHAODAO_DATABASE_URL_FILE` names it (secret_files.py).
"""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    PostgresDsn,
    SecretStr,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from shared.runtime.secret_files import FileSettings


class KafkaAccess(BaseModel):
    """Where Kafka is, and who we are there."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)  # it holds a password

    kafka_bootstrap: str
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None  # absent: the system's authorities
    kafka_cert_file: Path | None = None  # our own certificate, where the broker asks for one
    kafka_key_file: Path | None = None  # its key; absent: in the same file

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
        if self.kafka_key_file is not None and self.kafka_cert_file is None:
            raise ValueError("KAFKA_KEY_FILE needs KAFKA_CERT_FILE")
        return self


NAMED = SettingsConfigDict(
    env_prefix="SHAODAO_", frozen=True, extra="ignore", hide_input_in_errors=True
)


def split_keys(current: SecretStr | None, old: SecretStr) -> list[str]:
    """Keys of a vault, the current one first, then those separated by commas."""
    given = "" if current is None else current.get_secret_value()
    keys = [given, *old.get_secret_value().split(",")]
    return [key.strip() for key in keys if key.strip()]


class DatabaseSettings(FileSettings):
    """A database as the environment names it, for commands that look into one."""

    model_config = NAMED

    database_url: PostgresDsn | None = Field(default=None, repr=False)


class VaultSettings(DatabaseSettings):
    """A database and the keys of what is sealed in it, as the service itself is given them."""

    vault_key: SecretStr | None = None  # base64 of 32 bytes
    vault_old_keys: SecretStr = SecretStr("")  # the same, separated by commas

    def vault_keys(self) -> list[str]:
        """All keys, the current one first."""
        return split_keys(self.vault_key, self.vault_old_keys)


class KafkaSettings(FileSettings, KafkaAccess):
    """Kafka as the environment names it; each variable is prefixed SHAODAO_."""

    model_config = NAMED


class ServiceSettings(KafkaSettings):
    """What every service needs; each variable is prefixed SHAODAO_."""

    model_config = SettingsConfigDict(populate_by_name=True)

    database_url: PostgresDsn = Field(repr=False)  # of the service's role; TLS as libpq has it
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
    # What a process takes on at most, for ordinary requests (load.py); over it they get a 503.
    requests_at_once: int = Field(default=150, ge=3)
    critical_at_once: int = Field(default=600, ge=1)  # critical tickets, in places of their own
    wait_limit_seconds: float = Field(default=1.0, gt=0)  # for a connection, a group's commit
    outbox_rows_limit: int = Field(default=2_000_000, ge=1000)  # some 6 GB on the database's disk
    outbox_age_limit_seconds: float = Field(default=86_400.0, ge=60)  # Kafka may be away so long
    rate_factor: float = Field(default=1.0, gt=0)  # widens the rates of callers (rates.py)
    http_socket: int | None = None  # a listening one, by its number, that others hold as well
    drain_seconds: float = Field(default=5.0, ge=0)  # served on after SIGTERM, /ready saying no
    intake_url: AnyHttpUrl | None = None
    router_url: AnyHttpUrl | None = None
    notifier_url: AnyHttpUrl | None = None
    sms_url: AnyHttpUrl | None = None  # absent: text messages wait
    sms_key: SecretStr = SecretStr("")
    sms_sign: str = "【云川12345】"
    webhook_networks: str = ""  # called though not public: "10.0.0.0/8,127.0.0.0/8"
    public_url: AnyHttpUrl | None = None  # what people type; absent: this service's own address
    accounts_file: Path | None = None  # absent: nobody signs in with a password
    oidc_issuer: str | None = None  # the city's own sign-in; absent: local accounts alone
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")  # absent: a public client, by PKCE alone
    oidc_mapping: Path | None = None  # whose role and unit is what: shared/web/oidc_mapping.py
    otlp_endpoint: AnyHttpUrl | None = Field(  # a collector's; absent: no spans
        default=None,
        validation_alias=AliasChoices("SHAODAO_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    )
    gauges_seconds: float = Field(default=15.0, gt=0)  # how often what the database says is shown
    trace_ratio: float = Field(  # of the traces, those with spans
        default=0.01,
        ge=0.0,
        le=1.0,
        validation_alias=AliasChoices("SHAODAO_TRACE_RATIO", "OTEL_TRACES_SAMPLER_ARG"),
    )
    tile_url: str | None = None  # map tiles, as Leaflet writes them: https://…/{z}/{x}/{y}

    @model_validator(mode="after")
    def _signs_in_safely(self) -> Self:
        if self.oidc_issuer is None:
            return self
        if not self.oidc_client_id or self.oidc_mapping is None:
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_MAPPING")
        address = urlsplit(self.oidc_issuer)
        here = address.scheme == "http" and address.hostname in ("localhost", "127.0.0.1", "::1")
        if not address.hostname or not (address.scheme == "https" or here):
            raise ValueError("OIDC_ISSUER is an https:// address")
        return self
