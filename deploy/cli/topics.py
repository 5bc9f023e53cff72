"""`shaodao topics`: lists the topics of the city, makes missing ones, and says who may use them."""

import asyncio
from typing import Annotated

import typer
from rich.table import Column, Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, out, print_json
from deploy.local.rights import new_credentials
from deploy.local.stack_rights import broker_of, department_of
from deploy.local.topics import existing_topics
from deploy.local.units import apply_units
from shared.contracts.topics import TOPICS, Topic

app = typer.Typer(help="Kafka 主题与权限 / topics and rights", no_args_is_help=True)


@app.command(name="list")
def list_topics(
    port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False
) -> None:
    """主题表：谁写、谁读、留多久、已有几个 / who writes and reads which, and how many exist."""
    folder = folder_of(port_base, data)
    prefix = folder.read_stack()["topic_prefix"]
    present = asyncio.run(existing_topics(broker_of(folder), prefix))
    if as_json:
        print_json(sorted(present))
        return
    table = Table(
        Column("主题 / topic", no_wrap=True), "写", "读", "键 / key", "分区", "保留", "已有"
    )
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
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """建立缺少的主题，并使用户与权限和单位一致 / make missing topics; match users and rights."""
    applied = asyncio.run(apply_units(folder_of(port_base, data), dry=plan))
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
    unit: Annotated[str, typer.Option("--unit", help="单位代码，如 BH-CGJ / unit code")],
    as_json: AsJson = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """给部门系统一个新密码（只显示这一次，旧的随即失效）/ a new password, shown once."""
    folder = folder_of(port_base, data)
    department = department_of(folder, unit)
    access = asyncio.run(new_credentials(broker_of(folder), department.user))
    told = {
        "bootstrap_servers": access.kafka_bootstrap,
        "security_protocol": access.kafka_security_protocol,
        "sasl_mechanism": access.kafka_sasl_mechanism,
        "username": access.kafka_sasl_username,
        "password": access.kafka_sasl_password.get_secret_value(),
        "reads": department.reads,
        "writes": department.writes,
        "groups": f"{department.user}.*",
    }
    if as_json:
        print_json(told)
        return
    err.print(f"{unit} 的新密码，只显示这一次；旧密码已失效 / shown once; the old one has ended")
    for name, value in told.items():
        print(f"{name}={', '.join(value) if isinstance(value, list) else value}")


def _is_of(name: str, topic: Topic) -> bool:
    """Whether a topic's name, without prefix, is of this row of the table."""
    before, code, after = topic.name.partition("<code>")
    return name == topic.name if not code else name.startswith(before) and name.endswith(after)
