"""What an embedded broker is told when it asks who is there: its own users, listeners and rights.

Two users stand above all rights: `node` is the broker itself, `admin` who makes topics and rights.
Both are known from the formatting on, as nobody could sign in to make the first one; the controller
knows `node` by its own list, because it must be up before users can be read.
"""

from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.scram import MECHANISM, new_password, salt
from shared.runtime.settings import KafkaAccess

NODE, ADMIN = "node", "admin"
PROTOCOL = "SASL_PLAINTEXT"  # on 127.0.0.1; the password itself is never sent

OPEN = """\
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
"""
SECURED = """\
listeners=SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
security.inter.broker.protocol=SASL_PLAINTEXT
sasl.enabled.mechanisms={mechanism}
sasl.mechanism.inter.broker.protocol={mechanism}
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required \
username="node" password="{node}" user_node="{node}";
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required \
username="node" password="{node}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:node;User:admin
allow.everyone.if.no.acl.found=false
connections.max.reauth.ms=3600000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerUsers:
    """The passwords of the two users that every broker of ours begins with."""

    node: str = field(repr=False)
    admin: str = field(repr=False)

    @staticmethod
    def make() -> "BrokerUsers":
        return BrokerUsers(node=new_password(), admin=new_password())

    def admin_at(self, bootstrap: str) -> KafkaAccess:
        """How `admin` signs in."""
        return signed_in(bootstrap, ADMIN, self.admin)

    def format_arguments(self) -> tuple[str, ...]:
        """What lets a formatted broker know both."""
        known = ((NODE, self.node), (ADMIN, self.admin))
        return tuple(
            part for user, word in known for part in ("--add-scram", salt(word).for_format(user))
        )


def listeners(port: int, controller: int, users: BrokerUsers | None) -> str:
    """The broker's settings of who may come in; with `users` only who signs in."""
    if users is None:
        return OPEN.format(port=port, controller=controller)
    return SECURED.format(port=port, controller=controller, mechanism=MECHANISM, node=users.node)


def signed_in(bootstrap: str, user: str, password: str) -> KafkaAccess:
    """How a user signs in to an embedded broker."""
    return KafkaAccess.model_validate(
        {
            "kafka_bootstrap": bootstrap,
            "kafka_security_protocol": PROTOCOL,
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
