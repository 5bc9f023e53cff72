"""What a process is given in a manifest, held against the settings that it reads.

Compose files and manifests of Kubernetes are brought into one form first: a module, its variables,
the folders that are mounted for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_settings import BaseSettings

from deploy.canary.settings import CanarySettings
from services.intake.app import IntakeSettings
from services.notifier.app import NotifierSettings
from services.router.app import RouterSettings

PREFIX: Final = "SHAODAO_"
SETTINGS: Final[Mapping[str, type[BaseSettings]]] = {
    "services.intake.app": IntakeSettings,
    "services.router.app": RouterSettings,
    "services.notifier.app": NotifierSettings,
    "deploy.canary": CanarySettings,
}
# Read by hand; see deploy/city/settings.py and sms_gateway.py, deploy/local/migrating.py.
KAFKA: Final = frozenset(
    f"{PREFIX}KAFKA_{each}"
    for each in ("BOOTSTRAP", "SECURITY_PROTOCOL", "SASL_USERNAME", "SASL_PASSWORD", "CA_FILE")
)
CITY: Final = KAFKA | {
    f"{PREFIX}{each}" for each in ("TOKEN_SECRET", "INTAKE_URL", "ROUTER_URL", "CITY_STATE")
}
BY_HAND: Final[Mapping[str, frozenset[str]]] = {
    "deploy.city.bureaus": CITY,
    "deploy.city.residents": CITY,
    "deploy.city.sms_gateway": frozenset(f"{PREFIX}SMS_{each}" for each in ("HOST", "PORT", "KEY")),
    "shaodao": KAFKA
    | {
        f"{PREFIX}{each}"
        for each in (
            *("OWNER_DATABASE_URL", "ADMIN_DATABASE_URL", "DATABASE_URL", "RUNTIME_ROLE"),
            *("TOKEN_SECRET", "INTAKE_URL", "ROUTER_URL", "NOTIFIER_URL"),
        )
    },
}
NEEDED_BESIDES: Final[Mapping[str, frozenset[str]]] = {
    # without these a service starts, and leaves something out
    "services.router.app": frozenset({"SHAODAO_VAULT_KEY"}),
    "services.notifier.app": frozenset({"SHAODAO_VAULT_KEY"}),
    "deploy.canary": frozenset({"SHAODAO_CANARY_TOKEN", "SHAODAO_KAFKA_SASL_PASSWORD"}),
    **{part: CITY - KAFKA for part in ("deploy.city.bureaus", "deploy.city.residents")},
}
FILES: Final = frozenset({"SHAODAO_KAFKA_CA_FILE", "SHAODAO_ACCOUNTS_FILE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of a deployment; `files` are those that its container will find."""

    where: str
    command: tuple[str, ...]
    variables: Mapping[str, Any]
    files: frozenset[str]

    @property
    def module(self) -> str:
        """`services.intake.app` of `python -m services.intake.app`; else the program's name."""
        if self.command[:2] == ("python", "-m") and len(self.command) > 2:
            return self.command[2]
        return self.command[0] if self.command else ""


def faults_of(processes: Iterable[Process]) -> Iterator[str]:
    """What is given and not read, what is needed and not given, and files that are not there."""
    for process in processes:
        yield from _faults(process)


def _faults(process: Process) -> Iterator[str]:
    module, where = process.module, process.where
    settings = SETTINGS.get(module)
    if settings is None and module not in BY_HAND:
        yield f"{where}: runs {module or 'nothing'}, which is no process of ours"
        return
    ours = {name for name in process.variables if name.startswith(PREFIX)}
    known = _names(settings) if settings is not None else BY_HAND[module]
    said = {_setting(name, known) for name in ours}
    yield from (f"{where}: nobody reads {name}" for name in sorted(said - known))
    needed = NEEDED_BESIDES.get(module, frozenset()) | (
        frozenset() if settings is None else _required(settings)
    )
    yield from (f"{where}: {name} is not given" for name in sorted(needed - said))
    for name in sorted(ours):
        value = str(process.variables[name])
        if name.endswith("_FILE") and value not in process.files:
            yield f"{where}: {name} names {value}, which is not mounted"


def read_by_any(name: str) -> bool:
    """Whether some service reads a variable that all are given."""
    return any(_setting(name, _names(each)) in _names(each) for each in SETTINGS.values())


def reads(module: str, name: str) -> bool:
    """Whether this process reads the variable."""
    known = _names(SETTINGS[module]) if module in SETTINGS else BY_HAND.get(module, frozenset())
    return _setting(name, known) in known


def _setting(name: str, known: Iterable[str]) -> str:
    """The setting that a variable gives, itself or by a file."""
    return name if name in set(known) or name in FILES else name.removesuffix("_FILE")


def _names(settings: type[BaseSettings]) -> frozenset[str]:
    return frozenset(f"{PREFIX}{name.upper()}" for name in settings.model_fields)


def _required(settings: type[BaseSettings]) -> frozenset[str]:
    return frozenset(
        f"{PREFIX}{name.upper()}"
        for name, field in settings.model_fields.items()
        if field.is_required()
    )
