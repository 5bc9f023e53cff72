"""What a stack consists of: its options, and how each of its processes is started."""

import base64
import hashlib
import hmac
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from deploy.local.data_folder import PROJECT, SERVICES, DataFolder, Secrets
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.processes import Command
from deploy.local.rights_table import CANARY_USER
from deploy.local.rights_table import CITY as CITY_USER
from shared.runtime.settings import KafkaAccess

CITY = ("sms_gateway", "bureaus", "residents")
CANARY = "canary"
STOP_SECONDS = 30.0  # a service has them to end in, here as in a cluster
ROTA = PROJECT / "deploy" / "city" / "rota.csv"  # who is on duty in the simulated city


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `shaodao up` was asked for."""

    folder: DataFolder
    ports: Ports
    fresh: bool = False
    city: bool = True
    canary: bool = False
    rate: float | None = None  # of the clock; None: real time, or as the folder has it
    clock_start: datetime | None = None  # domain time of a new clock; None: now
    database_url: str | None = None  # an administrator's DSN; None: start our own
    kafka: KafkaAccess | None = None  # an administrator's access; None: start our own
    secure: bool = False  # Kafka asks who is there, and each may do only what is its own
    topic_prefix: str = ""
    database_prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the parts of a started stack are."""

    kafka: str
    postgres: str
    databases: Mapping[str, str]
    users: Mapping[str, KafkaAccess] = field(default_factory=dict)  # of Kafka; none: it is open


def wanted_ports(options: Options) -> dict[str, int]:
    """The ports this stack will listen on, by name."""
    named = options.ports.named()
    if options.database_url:
        del named["postgres"]
    if options.kafka:
        del named["kafka"], named["controller"]
    if not options.city:
        del named["sms"]
    return named


def service_url(ports: Ports, service: str) -> str:
    return f"http://{LOOPBACK}:{ports.named()[service]}"


def service_command(
    service: str, options: Options, secrets: Secrets, addresses: Addresses
) -> Command:
    """How one of the three services is started."""
    env = {
        **_shared_env(options, secrets, addresses, service),
        "SHAODAO_DATABASE_URL": addresses.databases[service],
        "SHAODAO_HTTP_HOST": LOOPBACK,
        "SHAODAO_HTTP_PORT": str(options.ports.named()[service]),
        "SHAODAO_ACCOUNTS_FILE": str(options.folder.accounts),
    }
    if service == "intake":
        env["SHAODAO_VAULT_KEY"] = secrets.vault_key
        env["SHAODAO_PHOTO_STORE"] = options.folder.photos.as_uri()
        env["SHAODAO_WEBHOOK_NETWORKS"] = "127.0.0.0/8,::1/128"  # to try webhooks on this machine
        if options.city:
            env["SHAODAO_SMS_URL"] = f"{service_url(options.ports, 'sms')}/messages"
            env["SHAODAO_SMS_KEY"] = sms_key(secrets)
    if service == "router":
        env["SHAODAO_FILE_STORE"] = options.folder.files.as_uri()
        env["SHAODAO_VAULT_KEY"] = router_key(secrets)
        env["SHAODAO_WEBHOOK_NETWORKS"] = "127.0.0.0/8,::1/128"  # to try webhooks on this machine
    if service == "notifier":
        env["SHAODAO_VAULT_KEY"] = notifier_key(secrets)
        env["SHAODAO_WEBHOOK_NETWORKS"] = "127.0.0.0/8,::1/128"  # to try webhooks on this machine
        if options.city:
            env["SHAODAO_ROTA_FILE"] = str(ROTA)
            robot = f"{service_url(options.ports, 'sms')}/cgi-bin/webhook/send"
            env["SHAODAO_WECOM_URL"] = f"{robot}?key={sms_key(secrets)}"
            env["SHAODAO_SMS_URL"] = f"{service_url(options.ports, 'sms')}/messages"
            env["SHAODAO_SMS_KEY"] = sms_key(secrets)
    command = _python(service, f"services.{service}.app", options, env)
    # SIGINT: it ends without a time of leaving
    return replace(command, stop_signal=signal.SIGINT, stop_seconds=STOP_SECONDS)


def city_commands(options: Options, secrets: Secrets, addresses: Addresses) -> list[Command]:
    """How the simulated city's processes are started; they know no database."""
    env = {
        **_shared_env(options, secrets, addresses, CITY_USER),
        "SHAODAO_SMS_PORT": str(options.ports.sms),
        "SHAODAO_SMS_KEY": sms_key(secrets),
    }
    return [_python(city_name(part), f"deploy.city.{part}", options, env) for part in CITY]


def canary_command(options: Options, secrets: Secrets, addresses: Addresses) -> Command:
    """How the canary is started; it knows no database."""
    env = _shared_env(options, secrets, addresses, CANARY_USER)
    return _python(CANARY, "deploy.canary", options, env)


def city_name(part: str) -> str:
    """What a process of the city is called."""
    return f"city-{part.replace('_', '-')}"


def sms_key(secrets: Secrets) -> str:
    """The key under which the services hand text messages to the city's gateway."""
    return hashlib.sha256(f"sms {secrets.token_secret}".encode()).hexdigest()


def router_key(secrets: Secrets) -> str:
    """The key under which the router seals what webhooks are signed with; it opens nothing else."""
    made = hmac.digest(secrets.vault_key.encode(), b"router", hashlib.sha256)
    return base64.b64encode(made).decode()


def notifier_key(secrets: Secrets) -> str:
    """The key under which the notifier seals where people are reached; it opens nothing else."""
    made = hmac.digest(secrets.vault_key.encode(), b"notifier", hashlib.sha256)
    return base64.b64encode(made).decode()


def _shared_env(
    options: Options, secrets: Secrets, addresses: Addresses, user: str
) -> dict[str, str]:
    urls = {f"SHAODAO_{s.upper()}_URL": service_url(options.ports, s) for s in SERVICES}
    return {
        **kafka_env(addresses.users.get(user) or KafkaAccess(kafka_bootstrap=addresses.kafka)),
        "SHAODAO_TOPIC_PREFIX": options.topic_prefix,
        "SHAODAO_CLOCK_FILE": str(options.folder.clock),
        "SHAODAO_TOKEN_SECRET": secrets.token_secret,
        "SHAODAO_LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
        **urls,
    }


def kafka_env(access: KafkaAccess) -> dict[str, str]:
    """The variables that tell a process where Kafka is and who it is there."""
    said = {
        "BOOTSTRAP": access.kafka_bootstrap,
        "SECURITY_PROTOCOL": access.kafka_security_protocol,  # whatever our own environment says
    }
    if access.has_sasl:
        said["SASL_MECHANISM"] = access.kafka_sasl_mechanism
        said["SASL_USERNAME"] = access.kafka_sasl_username
        said["SASL_PASSWORD"] = access.kafka_sasl_password.get_secret_value()
    for name in ("ca_file", "cert_file", "key_file"):
        if (file := getattr(access, f"kafka_{name}")) is not None:
            said[name.upper()] = str(file)
    return {f"SHAODAO_KAFKA_{name}": value for name, value in said.items()}


def _python(name: str, module: str, options: Options, env: Mapping[str, str]) -> Command:
    return Command(
        name=name,
        argv=(sys.executable, "-m", module),
        log=options.folder.logs / f"{name}.log",
        env=env,
        cwd=PROJECT,
    )
