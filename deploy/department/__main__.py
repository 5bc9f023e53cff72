"""Run the department: `python -m department --unit BH-CGJ --bootstrap … --schemas …`."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from .client import Department
from .desk import Policy


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="department", description=__doc__)
    parser.add_argument("--unit", required=True, help="the unit's code")
    parser.add_argument("--bootstrap", required=True, help="host:port of Kafka")
    parser.add_argument("--prefix", default="", help="what stands before every topic's name")
    parser.add_argument("--book", type=Path, default=Path("department.sqlite"))
    parser.add_argument("--schemas", type=Path, required=True, help="folder of the JSON Schemas")
    parser.add_argument("--not-ours", default="", help="categories to return: 0101,0102")
    parser.add_argument("--username", help="for SASL/SCRAM-SHA-512")
    parser.add_argument("--password-file", type=Path)
    return parser.parse_args()


def security(options: argparse.Namespace) -> dict[str, Any]:
    """How to sign in at Kafka; nothing where the cluster is open."""
    if options.username is None:
        return {}
    return {
        "security_protocol": "SASL_PLAINTEXT",  # SASL_SSL, with ssl_context, across a network
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": options.username,
        "sasl_plain_password": options.password_file.read_text().strip(),
    }


async def main() -> None:
    """Until SIGTERM or Ctrl-C."""
    options = arguments()
    policy = Policy(
        unit=options.unit,
        handler={"name": "王工", "post": "值班科"},
        not_ours=frozenset(filter(None, options.not_ours.split(","))),
        clause="《权责清单》：该事项由其他部门负责",
        lat=41.6051,
        lon=108.3124,
    )
    department = Department(
        bootstrap=options.bootstrap,
        prefix=options.prefix,
        policy=policy,
        book=options.book,
        schemas=options.schemas,
        **security(options),
    )
    running = asyncio.create_task(department.run())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        logging.info("stopped")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(main())
