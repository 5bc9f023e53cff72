"""Where the city finds the platform: read once from the environment of its process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.runtime.secret_files import said
from shared.runtime.security import client_security
from shared.runtime.settings import KafkaAccess

STATE_FILE = "bureaus.sqlite"
SEED = "yunchuan-212"  # with these dice the busiest bureau is brisk, and each character occurs


class MissingSettingError(ValueError):
    """A variable of the environment that the process cannot do without."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the environment variable {name} is not set")


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySettings:
    """What both processes of the city are told; `state` is a folder to remember in.

    SHAODAO_CITY_STATE names that folder; without it, `city` beside the clock file.
    """

    kafka_bootstrap: str
    topic_prefix: str
    clock_file: Path | None
    intake_url: str
    router_url: str
    token_secret: str
    state: Path
    seed: str
    log_level: str
    log_format: str
    kafka_security: Mapping[str, Any] = field(default_factory=dict, repr=False)  # of aiokafka


def from_environment(environ: Mapping[str, str] = os.environ) -> CitySettings:
    """Raises MissingSettingError."""
    clock_file = environ.get("SHAODAO_CLOCK_FILE")
    beside_clock = str(Path(clock_file).parent / "city") if clock_file else ""
    return CitySettings(
        kafka_bootstrap=_needed(environ, "SHAODAO_KAFKA_BOOTSTRAP"),
        topic_prefix=environ.get("SHAODAO_TOPIC_PREFIX", ""),
        clock_file=Path(clock_file) if clock_file else None,
        intake_url=_needed(environ, "SHAODAO_INTAKE_URL").rstrip("/"),
        router_url=_needed(environ, "SHAODAO_ROUTER_URL").rstrip("/"),
        token_secret=_needed(environ, "SHAODAO_TOKEN_SECRET"),
        state=Path(_needed(environ, "SHAODAO_CITY_STATE", beside_clock)),
        seed=environ.get("SHAODAO_CITY_SEED", SEED),
        log_level=environ.get("SHAODAO_LOG_LEVEL", "INFO"),
        log_format=environ.get("SHAODAO_LOG_FORMAT", "json"),
        kafka_security=client_security(_kafka(environ)),
    )


def _kafka(environ: Mapping[str, str]) -> KafkaAccess:
    """SHAODAO_KAFKA_BOOTSTRAP, SHAODAO_KAFKA_SASL_USERNAME and so on."""
    named = {name: said(f"SHAODAO_{name.upper()}", environ) for name in KafkaAccess.model_fields}
    return KafkaAccess.model_validate({name: value for name, value in named.items() if value})


def _needed(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = (said(name, environ) or "").strip() or default
    if not value:
        raise MissingSettingError(name)
    return value
