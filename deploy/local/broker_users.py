"""What an embedded broker is told when it asks who is there: its own users, listeners and rights.

Two users stand above all rights: `node` is the broker itself, `admin` who makes topics and rights.
Both are known from the formatting on, as nobody could sign in to make the first one; the controller
knows `node` by its own list, because it must be up before users can be read.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.keys import ServerKeys
from deploy.local.scram import MECHANISM, new_password, salt
from shared.runtime.settings import KafkaAccess

NODE, ADMIN = "node", "admin"

OPEN = """\
listeners={protocol}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={protocol}://127.0.0.1:{port}
listener.security.protocol.map={protocol}:{protocol},CONTROLLER:PLAINTEXT
security.inter.broker.protocol={protocol}
"""
SECURED = """\
listeners={protocol}://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={protocol}://127.0.0.1:{port}
listener.security.protocol.map={protocol}:{protocol},CONTROLLER:SASL_PLAINTEXT
security.inter.broker.protocol={protocol}
sasl.enabled.mechanisms={mechanism}
sasl.mechanism.inter.broker.protocol={mechanism}
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="node" password="{node}" user_node="{node}";
listener.name.{listener}.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required \
username="node" password="{node}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:node;User:admin
allow.everyone.if.no.acl.found=false
connections.max.reauth.ms=3600000
"""
ENCRYPTED = """\
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
ssl.enabled.protocols=TLSv1.3,TLSv1.2
listener.name.{listener}.ssl.client.auth={asked}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerUsers:
    """The passwords of the two users that every broker of ours begins with."""

    node: str = field(repr=False)
    admin: str = field(repr=False)

    @staticmethod
    def make() -> "BrokerUsers":
        return BrokerUsers(node=new_password(), admin=new_password())

    def admin_at(self, bootstrap: str, tls: ServerKeys | None = None) -> KafkaAccess:
        """How `admin` signs in."""
        return signed_in(bootstrap, ADMIN, self.admin, tls)

    def format_arguments(self) -> tuple[str, ...]:
        """What lets a formatted broker know both."""
        known = ((NODE, self.node), (ADMIN, self.admin))
        return tuple(
            part for user, word in known for part in ("--add-scram", salt(word).for_format(user))
        )


def listeners(
    port: int, controller: int, users: BrokerUsers | None, tls: ServerKeys | None = None
) -> str:
    """The broker's settings of who may come in; with `users` only who signs in."""
    protocol = protocol_of(signs_in=users is not None, tls=tls)
    named = {"port": port, "controller": controller, "protocol": protocol}
    if users is None:
        said = OPEN.format(**named)
    else:
        said = SECURED.format(
            **named, mechanism=MECHANISM, node=users.node, listener=protocol.lower()
        )
    return said + ("" if tls is None else _encrypted(protocol, tls))


def protocol_of(*, signs_in: bool, tls: ServerKeys | None) -> str:
    """What Kafka calls it; without TLS on 127.0.0.1 alone, where no password is ever sent."""
    return ("SASL_" if signs_in else "") + ("PLAINTEXT" if tls is None else "SSL")


def _encrypted(protocol: str, tls: ServerKeys) -> str:
    """The settings of TLS; Kafka wants key and certificate in one file."""
    keystore = tls.key.with_name(f"{tls.key.stem}.keystore.pem")
    write_secret(keystore, tls.key.read_text() + tls.cert.read_text())
    asked = "required" if tls.asks else "none"
    return ENCRYPTED.format(keystore=keystore, ca=tls.ca, asked=asked, listener=protocol.lower())


def encrypted(bootstrap: str, tls: ServerKeys | None) -> dict[str, Any]:
    """How anybody reaches an embedded broker, as the settings of a client have it.

    Who is asked for a certificate shows the broker's own: this is for its administrator.
    """
    named: dict[str, Any] = {"kafka_bootstrap": bootstrap}
    if tls is not None:
        named |= {"kafka_security_protocol": "SSL", "kafka_ca_file": tls.ca}
        if tls.asks:
            named |= {"kafka_cert_file": tls.cert, "kafka_key_file": tls.key}
    return named


def signed_in(
    bootstrap: str, user: str, password: str, tls: ServerKeys | None = None
) -> KafkaAccess:
    """How a user signs in to an embedded broker."""
    return KafkaAccess.model_validate(
        {
            **encrypted(bootstrap, tls),
            "kafka_security_protocol": protocol_of(signs_in=True, tls=tls),
            "kafka_sasl_mechanism": MECHANISM,
            "kafka_sasl_username": user,
            "kafka_sasl_password": password,
        }
    )


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def java_arguments(arguments: tuple[str, ...]) -> str:
    """Arguments as a file for `java @file`: a command line can be read by everybody."""
    return "\n".join(
        '"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in arguments
    )
