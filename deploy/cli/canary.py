"""`shaodao canary`: how the whole path is, measured by the canary's last tickets."""

import typer
from rich.table import Table

from deploy.cli.at_notifier import ask
from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import out, print_json

STATES = {"ok": "正常", "late": "延迟", "dead": "中断", "never": "尚未探测"}
HOPS = {
    "dispatch": "受理 → 派单",
    "department": "派单 → 单位签收",
    "withdraw": "签收 → 撤回",
    "release": "撤回 → 撤哨",
    "hear": "撤哨 → 督办知悉",
}


def canary(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """全程探测：上次走通在何时、各段用时 / the whole path; exit code 1 when it is not well."""
    found = ask(folder_of(port_base, data), "GET", "/canary")
    if as_json:
        print_json(found)
    else:
        age = found["age_seconds"]
        when = "" if age is None else f"，{age:.0f} 秒前走通 / came through {age:.0f} s ago"
        out.print(f"{STATES[found['state']]} {found['state']}{when}", markup=False)
        table = Table("路段 / hop", "秒 / seconds", "近期最长 / worst", box=None)
        for hop in found["hops"]:
            times = ("–" if hop[key] is None else f"{hop[key]:.2f}" for key in ("seconds", "worst"))
            table.add_row(f"{HOPS[hop['hop']]} {hop['hop']}", *times)
        out.print(table)
        for left in found["unfinished"]:
            reached = left["reached"] or "–"
            out.print(f"停在 {reached}：{left['ticket_id']} / stopped after", markup=False)
    if found["state"] != "ok":
        raise typer.Exit(1)
