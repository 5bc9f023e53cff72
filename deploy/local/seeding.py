"""Makes a broker ready for services that do not run yet: topics, users with passwords, rights.

For a broker that nobody has signed in to, over a listener that only this machine reaches. Units
that the broker knows stay as they are; which there are is the router's to say once it runs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.local.admin import Broker, client_at
from deploy.local.errors import StackError
from deploy.local.kafka_requests import alter_scram_users
from deploy.local.rights import apply_rights
from deploy.local.rights_table import CANARY_USER, CITY, SERVICES, Changes
from deploy.local.scram import salt
from deploy.local.stack_rights import known_units
from deploy.local.topics import apply_topics, city_topics
from shared.catalogue.load import load_catalogue

FILES: Final = {
    **{service: f"{service}_kafka_password" for service in SERVICES},
    CITY: "city_kafka_password",
    CANARY_USER: "canary_kafka_password",
}
ADMIN: Final = "admin"
ADMIN_FILE: Final = "admin_kafka_password"


def passwords_in(folder: Path) -> dict[str, str]:
    """The passwords of the users whose files are there; StackError when a service's is not."""
    found = {
        user: (folder / file).read_text("utf-8").strip()
        for user, file in {**FILES, ADMIN: ADMIN_FILE}.items()
        if (folder / file).exists()
    }
    if missing := sorted({*SERVICES, ADMIN} - {user for user, word in found.items() if word}):
        raise StackError(
            f"{folder} 中缺少密码：{'、'.join(missing)}。请执行 shaodao secrets。",
            f"no passwords in {folder} for {', '.join(missing)}; run `shaodao secrets`",
        )
    return found


async def seed(broker: Broker, passwords: Mapping[str, str]) -> tuple[list[str], Changes]:
    """Make what is missing and set the passwords; returns new topics, and changes of rights."""
    made = await apply_topics(broker, city_topics())
    units = await known_units(broker, "") or set(load_catalogue().units)
    given = {user: word for user, word in passwords.items() if user != ADMIN}
    changes = await apply_rights(broker, units, passwords=given, city=CITY in passwords)
    async with client_at(broker) as client:
        await alter_scram_users(client, put={ADMIN: salt(passwords[ADMIN])})
    return made, changes
