"""Looks whether a running stack's Kafka lets in only who should come in, for `shaodao doctor`."""

from aiokafka.errors import KafkaError

from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from deploy.local.finding import Finding
from deploy.local.platform import Platform, stack_platform
from deploy.local.rights import signs_in, strangers
from deploy.local.rights_table import words
from deploy.local.units import apply_units
from shared.runtime.settings import KafkaAccess

SHOWN = 3  # of each kind


async def rights_findings(folder: DataFolder) -> list[Finding]:
    """Where Kafka asks who is there: whether anybody has more, or less, than is due."""
    platform = stack_platform(folder)
    if not platform.has_rights:
        return [
            Finding(
                ok=True,
                zh="Kafka 不验身份，本机任何程序都能读写；部门各自接入请用 shaodao up --secure",
                en="Kafka asks nobody who they are",
            )
        ]
    try:
        return [
            await _anonymous(platform),
            await _matching(platform),
            await _foreign(platform),
        ]
    except (KafkaError, StackError, TimeoutError) as error:
        said = getattr(error, "en", repr(error))
        return [Finding(ok=False, zh=f"Kafka 的权限无法检查：{said}", en=f"rights: {said}")]


async def _anonymous(platform: Platform) -> Finding:
    let_in = await signs_in(KafkaAccess(kafka_bootstrap=platform.broker.kafka_bootstrap))
    return Finding(
        ok=not let_in,
        zh="Kafka 让不报身份的程序进来" if let_in else "Kafka 不报身份不让进",
        en="Kafka lets in who does not sign in",
    )


async def _matching(platform: Platform) -> Finding:
    applied = await apply_units(platform, dry=True)
    lines = [f"+ topic {name}" for name in applied.topics]
    lines += applied.rights.lines() if applied.rights else ()
    return Finding(
        ok=not lines,
        zh=f"用户与权限和单位不一致，请执行 shaodao topics apply：{_few(lines)}"
        if lines
        else "用户与权限和单位一致",
        en=f"`shaodao topics apply` would change: {_few(lines)}",
    )


async def _foreign(platform: Platform) -> Finding:
    others = [words(acl) for acl in await strangers(platform.broker, platform.prefix)]
    return Finding(
        ok=not others,
        zh=f"另有用户能动我们的主题：{_few(others)}" if others else "没有别的用户能动我们的主题",
        en=f"other users may touch our topics: {_few(others)}",
    )


def _few(lines: list[str]) -> str:
    more = f" …（{len(lines)}）" if len(lines) > SHOWN else ""
    return "；".join(lines[:SHOWN]) + more
