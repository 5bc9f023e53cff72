"""How a Kafka client of ours signs in and keeps others from listening, from the settings.

One user a service, SCRAM over TLS on a cluster; nothing at all on a broker that asks for nothing.
What a user may do there is the broker's to say (deploy/local/rights.py makes those rights).
"""

import ssl
from typing import Any

from faststream.security import (
    BaseSecurity,
    SASLPlaintext,
    SASLScram256,
    SASLScram512,
)

from shared.runtime.settings import KafkaAccess

_SASL = {
    "SCRAM-SHA-512": SASLScram512,
    "SCRAM-SHA-256": SASLScram256,
    "PLAIN": SASLPlaintext,
}


def client_security(access: KafkaAccess) -> dict[str, Any]:
    """What a producer, consumer or admin client of aiokafka is given besides its servers."""
    wanted: dict[str, Any] = {"security_protocol": access.kafka_security_protocol}
    if access.has_tls:
        wanted["ssl_context"] = _tls(access)
    if access.has_sasl:
        wanted["sasl_mechanism"] = access.kafka_sasl_mechanism
        wanted["sasl_plain_username"] = access.kafka_sasl_username
        wanted["sasl_plain_password"] = access.kafka_sasl_password.get_secret_value()
    return wanted


def broker_security(access: KafkaAccess) -> BaseSecurity | None:
    """The same for a FastStream broker; None where nothing is asked for."""
    tls = _tls(access) if access.has_tls else None
    if access.has_sasl:
        return _SASL[access.kafka_sasl_mechanism](
            username=access.kafka_sasl_username,
            password=access.kafka_sasl_password.get_secret_value(),
            use_ssl=access.has_tls,
            ssl_context=tls,
        )
    return None if tls is None else BaseSecurity(ssl_context=tls, use_ssl=True)


def _tls(access: KafkaAccess) -> ssl.SSLContext:
    """Checks the broker's certificate and name, by our own authority or the system's.

    With a certificate of our own where one is configured.
    """
    context = ssl.create_default_context(cafile=access.kafka_ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if access.kafka_cert_file is not None:
        context.load_cert_chain(access.kafka_cert_file, access.kafka_key_file)
    return context
