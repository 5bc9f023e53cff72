"""`shaodao topics`: lists the topics of the city with who uses them, and makes missing ones."""

import asyncio

import typer
from rich.table import Column, Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import out, print_json
from deploy.local.topics import apply_topics, city_topics, existing_topics
from shared.contracts.topics import TOPICS, Topic

app = typer.Typer(help="Kafka 主题 / topics", no_args_is_help=True)


@app.command(name="list")
def list_topics(
    port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False
) -> None:
    """主题表：谁写、谁读、留多久、已有几个 / who writes and reads which, and how many exist."""
    stack = folder_of(port_base, data).read_stack()
    prefix = stack["topic_prefix"]
    present = asyncio.run(existing_topics(stack["kafka"], prefix))
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
def apply(port_base: PortBase = PORT_BASE, data: Data = None) -> None:
    """建立缺少的主题 / make the topics that are missing."""
    stack = folder_of(port_base, data).read_stack()
    made = asyncio.run(apply_topics(stack["kafka"], city_topics(stack["topic_prefix"])))
    for name in made:
        print(name)
    out.print(f"新建 {len(made)} 个主题 / {len(made)} topics made")


def _is_of(name: str, topic: Topic) -> bool:
    """Whether a topic's name, without prefix, is of this row of the table."""
    before, code, after = topic.name.partition("<code>")
    return name == topic.name if not code else name.startswith(before) and name.endswith(after)
