"""`shaodao topics`: lists the topics of the city, makes missing ones, and says who may use them."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, out, print_json
from deploy.local.platform import Platform, cluster_platform, stack_platform
from deploy.local.rights import new_credentials
from deploy.local.seeding import passwords_in, seed
from deploy.local.stack_rights import department_of, service_of
from deploy.local.strimzi import text, topics_of, users_of
from deploy.local.topics import existing_topics
from deploy.local.units import apply_units, units_of
from shared.catalogue.load import load_catalogue
from shared.contracts.topics import TOPICS, Topic
from shared.runtime.settings import KafkaSettings

Cluster = Annotated[
    bool,
    typer.Option("--cluster", help="环境变量所指的集群，而非本机的一套 / the environment's"),
]

app = typer.Typer(help="Kafka 主题与权限 / topics and rights", no_args_is_help=True)


@app.command(name="list")
def list_topics(
    cluster: Cluster = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """主题表：谁写、谁读、留多久、已有几个 / who writes and reads which, and how many exist."""
    platform = _platform(port_base, data, cluster=cluster)
    prefix = platform.prefix
    present = asyncio.run(existing_topics(platform.broker, prefix))
    if as_json:
        print_json(sorted(present))
        return
    table = Table(Column("主题 / topic", no_wrap=True), box=None, pad_edge=False)
    for title in ("写", "读"):
        table.add_column(title, overflow="fold")
    table.add_column("键 / key", overflow="fold", min_width=len("whistle_id"))
    for title in ("分区", "保留", "已有"):
        table.add_column(title, no_wrap=True)
    for topic in TOPICS:
        kept = "∞" if topic.retention_days is None else f"{topic.retention_days} d"
        count = sum(_is_of(name.removeprefix(prefix), topic) for name in present)
        table.add_row(
            *(f"{prefix}{topic.name}", topic.producer, ", ".join(topic.consumers), topic.key),
            *(str(topic.partitions), kept, str(count)),
        )
    out.print(table)


@app.command()
def apply(
    plan: Annotated[
        bool, typer.Option("--plan", help="只看会改什么 / show the changes, make none")
    ] = False,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="只建这些单位的主题 / only their topics")
    ] = None,
    cluster: Cluster = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """建立缺少的主题，并使用户与权限和单位一致 / make missing topics; match users and rights."""
    platform = _platform(port_base, data, cluster=cluster)
    applied = asyncio.run(apply_units(platform, only=unit or (), dry=plan))
    made, changes = applied.topics, applied.rights
    for line in (*(f"+ topic {name}" for name in made), *(changes.lines() if changes else ())):
        print(line)
    for code in applied.reached:
        print(f"+ unit {code}")
    done = "将" if plan else "已"
    out.print(f"{done}新建 {len(made)} 个主题 / {len(made)} topics made", soft_wrap=True)
    if changes is not None:
        users, rights = len(changes.made), len(changes.granted)
        out.print(
            f"{done}新增用户 {users}、权限 {rights}，删除用户 {len(changes.dropped)}、"
            f"权限 {len(changes.revoked)} / +{users} users +{rights} rights "
            f"-{len(changes.dropped)} users -{len(changes.revoked)} rights",
            soft_wrap=True,
        )


@app.command()
def credentials(
    unit: Annotated[str | None, typer.Option(help="单位代码，如 BH-CGJ / unit code")] = None,
    service: Annotated[
        str | None, typer.Option(help="集群上的服务，如 router / a service of a cluster")
    ] = None,
    as_json: AsJson = False,
    cluster: Cluster = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """给部门或服务一个新密码（只显示这一次，旧的随即失效）/ a new password, shown once."""
    if (unit is None) == (service is None):
        raise typer.BadParameter("请指明 --unit 或 --service 之一 / say --unit or --service")
    platform = _platform(port_base, data, cluster=cluster)
    holder = department_of(platform, unit) if unit else service_of(platform, service or "")
    access = asyncio.run(
        new_credentials(platform.broker, holder.user, may_be_new=service is not None)
    )
    told = {
        "bootstrap_servers": access.kafka_bootstrap,
        "security_protocol": access.kafka_security_protocol,
        "sasl_mechanism": access.kafka_sasl_mechanism,
        "username": access.kafka_sasl_username,
        "password": access.kafka_sasl_password.get_secret_value(),
        "reads": holder.reads,
        "writes": holder.writes,
        "groups": f"{holder.user}.*",
    }
    if as_json:
        print_json(told)
        return
    err.print(f"{holder.user} 的新密码，只显示这一次；旧密码已失效 / shown once; the old one ended")
    for name, value in told.items():
        print(f"{name}={', '.join(value) if isinstance(value, list) else value}")


@app.command(name="seed")
def seed_broker(
    passwords: Annotated[
        Path, typer.Option(help="密码文件的目录，见 shaodao secrets / files of passwords")
    ],
) -> None:
    """服务启动之前：在空的 Kafka 上建立主题、用户、密码与权限 / before any service runs.

    Kafka 由 SHAODAO_KAFKA_BOOTSTRAP 指明，须是管理员可用的监听地址；可重复执行。
    """
    broker = KafkaSettings()
    made, changes = asyncio.run(seed(broker, passwords_in(passwords)))
    users, rights = len(changes.made), len(changes.granted)
    out.print(
        f"新建主题 {len(made)}、用户 {users}、权限 {rights} / topics, users, rights made",
        soft_wrap=True,
    )


@app.command()
def render(
    cluster: Annotated[
        bool, typer.Option("--cluster", help="正在运行的派单服务的单位，默认目录中的 / its units")
    ] = False,
    users: Annotated[
        bool, typer.Option("--users/--topics", help="用户与权限，或主题 / users with rights")
    ] = False,
    city: Annotated[
        bool, typer.Option("--city", help="含模拟城市的用户 / the simulated city's user too")
    ] = False,
) -> None:
    """输出 Strimzi 的 KafkaTopic 或 KafkaUser 清单 / as resources of Strimzi."""
    if cluster:
        found = asyncio.run(units_of(cluster_platform()))
        units = [unit.code for unit in found if unit.active or not users]
    else:
        units = list(load_catalogue().units)
    made = users_of(units, city=city) if users else topics_of(units)
    print(text(made, about="Made by shaodao topics render."), end="")


def _platform(port_base: int, data: Path | None, *, cluster: bool) -> Platform:
    return cluster_platform() if cluster else stack_platform(folder_of(port_base, data))


def _is_of(name: str, topic: Topic) -> bool:
    """Whether a topic's name, without prefix, is of this row of the table."""
    before, code, after = topic.name.partition("<code>")
    return name == topic.name if not code else name.startswith(before) and name.endswith(after)
