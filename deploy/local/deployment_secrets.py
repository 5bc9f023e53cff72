"""The secrets of a deployment, from those of a data folder: files, or Secrets of Kubernetes.

Made once and the same at every call, so that running it again brings back a file that was lost;
the canary's token alone is issued anew, for a year. What is derived comes from a root that no
process is ever given.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.local.accounts import add_account, make_accounts
from deploy.local.data_folder import SERVICES, DataFolder, Secrets
from deploy.local.databases import dsn_for, owner_of
from shared.web.identity import issue_token

CANARY_TOKEN_MINUTES: Final = 366 * 24 * 60
OUTSIDE: Final = ("pager-token", "heartbeat-token", "mail-password")  # of Alertmanager, the city's
KAFKA_USERS: Final = (*SERVICES, "city", "canary", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the deployment's PostgreSQL is, and how one is sure that it is the right one."""

    postgres: str
    tls: str = ""


COMPOSE: Final = Place(postgres="postgres:5432")
KUBERNETES: Final = Place(
    postgres="shaodao-postgres-rw:5432",
    tls="?sslmode=verify-full&sslrootcert=/etc/shaodao/postgres-ca/ca.crt",
)


def prepare(folder: DataFolder, *, trial: bool) -> Secrets:
    """The folder's secrets and first accounts, made when there are none: of ops, or some to try."""
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets = folder.secrets()
    if not folder.accounts.exists():
        if trial:
            make_accounts(folder)
        else:
            add_account(folder, "ops", role="ops", unit=None, name="运维")
    return secrets


def values(secrets: Secrets, place: Place) -> dict[str, str]:
    """Every secret of a deployment by the name of its file."""
    admin = f"postgresql://postgres@{place.postgres}/postgres{place.tls}"
    made = {
        "token_secret": secrets.token_secret,
        "sms_key": _derived(secrets, "sms").hex(),
        "grafana_password": _password(secrets, "grafana"),
        "postgres_password": secrets.postgres_password,
        "admin_database_url": dsn_for(admin, "postgres", secrets.postgres_password),
        "canary_token": issue_token(
            secrets.token_secret, role="canary", name="canary", minutes=CANARY_TOKEN_MINUTES
        ),
    }
    for service in SERVICES:
        own, owner = secrets.service_passwords[service], secrets.owner_passwords[service]
        made[f"{service}_database_url"] = dsn_for(admin, service, own)
        made[f"{service}_owner_database_url"] = dsn_for(admin, owner_of(service), owner, service)
        made[f"{service}_vault_key"] = base64.b64encode(
            _derived(secrets, f"vault {service}")
        ).decode()
    for user in KAFKA_USERS:
        made[f"{user}_kafka_password"] = _password(secrets, f"kafka {user}")
    return made


def write_files(folder: DataFolder, *, trial: bool = False) -> list[Path]:
    """Write what compose mounts into `<folder>/files`; returns the files that the city must fill.

    Containers have users of their own, so that a file is readable by all and its folder by its
    owner alone. It is written in place: a container sees the file that it was started with.
    """
    secrets, files = prepare(folder, trial=trial), folder.path / "files"
    files.mkdir(mode=0o700, exist_ok=True)
    texts = {**values(secrets, COMPOSE), "accounts.json": folder.accounts.read_text("utf-8")}
    for name, text in texts.items():
        _write(files / name, text)
    for name in OUTSIDE:
        if not (files / name).exists():
            _write(files / name, "")
    return [files / name for name in OUTSIDE if not (files / name).read_text("utf-8").strip()]


def manifests(folder: DataFolder, *, trial: bool = False) -> list[dict[str, Any]]:
    """The Secrets that the manifests of deploy/kubernetes name."""
    secrets = prepare(folder, trial=trial)
    made = values(secrets, KUBERNETES)
    found = [
        _secret("shaodao-shared", {
            "token_secret": made["token_secret"],
            "accounts.json": folder.accounts.read_text("utf-8"),
        }),
        _secret("shaodao-sms", {"sms_key": made["sms_key"]}),
        _secret("shaodao-canary", {"canary_token": made["canary_token"]}),
    ]  # fmt: skip
    for service in SERVICES:
        own, owner = f"{service}_database_url", f"{service}_owner_database_url"
        key = f"{service}_vault_key"
        found += [
            _secret(f"shaodao-{service}", {"database_url": made[own], "vault_key": made[key]}),
            _secret(f"shaodao-{service}-owner", {"owner_database_url": made[owner]}),
            _role(service, secrets.service_passwords[service]),
            _role(owner_of(service), secrets.owner_passwords[service]),
        ]
    return found


def role_secret(role: str) -> str:
    """The Secret in which CloudNativePG finds a role's password."""
    return f"shaodao-role-{role.replace('_', '-')}"


def _role(role: str, password: str) -> dict[str, Any]:
    content = {"username": role, "password": password}
    return _secret(role_secret(role), content, type="kubernetes.io/basic-auth")


def _secret(name: str, content: Mapping[str, str], type: str = "Opaque") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "shaodao"}},
        "type": type,
        "stringData": dict(content),
    }


def _derived(secrets: Secrets, what: str) -> bytes:
    root = secrets.kafka_users["node"]  # of the embedded broker alone; no deployment has it
    return hmac.digest(root.encode(), what.encode(), hashlib.sha256)


def _password(secrets: Secrets, what: str) -> str:
    return base64.urlsafe_b64encode(_derived(secrets, what)).decode().rstrip("=")


def _write(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(text)
    file.chmod(0o644)
