"""The tables of `shaodao duties`: codes, dates and ids stay whole on a screen of 80 columns."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Column, Table

from deploy.cli.duty_list import COLUMNS
from deploy.cli.output import local

Rows = Iterable[Mapping[str, Any]]


def duties_table(rows: Rows) -> Table:
    """The rows of a version."""
    table = _table(
        *(_whole("事项"), _whole("区划"), _folded("条件"), _whole("单位"), _folded("依据")),
        *(_whole("自"), _whole("至")),
    )
    for row in rows:
        table.add_row(*(row[column] or "–" for column in COLUMNS))
    return table


def versions_table(versions: Rows) -> Table:
    """All versions: who drafted and published each, and what its dry run found."""
    table = _table(
        *(_whole("版本"), _whole("状态"), _folded("起草"), _folded("说明"), _whole("试算")),
        *(_folded("发布"), _whole("时间")),
    )
    for one in versions:
        tried = one["tried"]
        share = f"{tried['changed']}/{tried['examined']}" if tried else "–"
        cells = (one["drafted_by"], one["note"], share, one["published_by"] or "–")
        table.add_row(f"v{one['version']}", one["state"], *cells, local(one["published_at"]))
    return table


def proposals_table(proposals: Rows) -> Table:
    """Proposals; the id stands alone in its line, so that it can be copied for `take`."""
    table = _table(Column("proposal_id", overflow="fold", min_width=36))
    for title in ("事项", "区划", "单位"):
        table.add_column(title, no_wrap=True)
    for one in proposals:
        told = f"{len(one['whistle_ids'])} 次 · {one['proposed_by']} · {one['clause']}"
        keys = (one["subject"], one["region"], one["unit"])
        table.add_row(f"{one['proposal_id']}\n{told}", *keys)
    return table


def _table(*columns: Column) -> Table:
    return Table(*columns, box=None, pad_edge=False)


def _whole(title: str) -> Column:
    return Column(title, no_wrap=True)


def _folded(title: str) -> Column:
    return Column(title, overflow="fold")
