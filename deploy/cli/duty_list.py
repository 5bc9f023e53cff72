"""How the command line reaches the duty list: requests to the router, and its rows as CSV."""

import csv
import getpass
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from shared.web.identity import issue_token

COLUMNS: Final = ("subject", "region", "condition", "unit", "clause", "valid_from", "valid_to")
_LONGEST_SECONDS: Final = 600.0


def read_rows(file: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """The rows of a CSV file and the line each begins in; StackError when it is no such file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(f"读不了 {file}：{error}", f"cannot read {file}: {error}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = set(COLUMNS) - set(reader.fieldnames or ())
    if missing:
        names = ", ".join(sorted(missing))
        raise StackError(f"{file} 缺少列：{names}", f"{file} lacks the columns {names}")
    rows: list[dict[str, Any]] = []
    lines, begins = [], 2
    for cells in reader:
        row = {column: (cells[column] or "").strip() for column in COLUMNS}
        if any(row.values()):
            known = (cells.get("duty_id") or "").strip() or None
            rows.append({**row, "valid_to": row["valid_to"] or None, "duty_id": known})
            lines.append(begins)
        begins = reader.line_num + 1
    return rows, lines


def rows_of(folder: DataFolder, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All rows a query asks for, page by page."""
    wanted = {key: value for key, value in query.items() if value is not None}
    cursor: int | None = 0
    while cursor is not None:
        found = ask(folder, "GET", "", params={**wanted, "cursor": cursor, "limit": 5000})
        yield from found["items"]
        cursor = found["next"]


def dry_run_lines(
    folder: DataFolder, version: int, body: dict[str, Any], by: str | None
) -> Iterator[dict[str, Any]]:
    """What a dry run tells, line by line as it comes."""
    with httpx.stream(
        "POST",
        f"{_url(folder)}/drafts/{version}/dry-run",
        headers=_headers(folder, "dispatcher", by),
        json={key: value for key, value in body.items() if value is not None},
        timeout=_LONGEST_SECONDS,
        trust_env=False,
    ) as answer:
        if not answer.is_success:
            answer.read()
            raise _refusal(answer, ())
        for line in answer.iter_lines():
            yield json.loads(line)


def _url(folder: DataFolder) -> str:
    return f"{folder.read_stack()['router']}/api/v1/duties"


def _headers(folder: DataFolder, role: str, by: str | None) -> dict[str, str]:
    secret = folder.require_secrets().token_secret
    token = issue_token(secret, role=role, name=by or getpass.getuser(), minutes=30)
    return {"Authorization": f"Bearer {token}"}


def ask(
    folder: DataFolder,
    method: str,
    path: str,
    *,
    role: str = "dispatcher",
    by: str | None = None,
    lines: Sequence[int] = (),
    **more: Any,
) -> Any:
    """One request; StackError in the router's own words when it refuses."""
    answer = httpx.request(
        method,
        f"{_url(folder)}{path}",
        headers=_headers(folder, role, by),
        timeout=60,
        trust_env=False,
        **more,
    )
    if not answer.is_success:
        raise _refusal(answer, lines)
    return answer.json()


def _refusal(answer: httpx.Response, lines: Sequence[int]) -> StackError:
    said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    errors = said.get("errors") or [said]
    zh, en = [], []
    for each in errors:
        where = _line_of(each.get("field", ""), lines)
        zh.append(f"{where}{each.get('zh', answer.text[:300])}")
        en.append(f"{where}{each.get('en', f'the router answered {answer.status_code}')}")
    return StackError("\n".join(zh), "\n".join(en))


def _line_of(field: str, lines: Sequence[int]) -> str:
    """`rows.12.unit` as the line and column of the file that was read."""
    parts = field.split(".")
    if parts[0] == "rows" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(lines):
        return f"{lines[int(parts[1])]}: {'.'.join(parts[2:])}: "
    return f"{field}: " if field else ""
