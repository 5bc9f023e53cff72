"""How the command line reaches the notifier: one request, refusals in the notifier's own words."""

import getpass
from typing import Any

import httpx

from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from shared.web.identity import issue_token


def ask(
    folder: DataFolder,
    method: str,
    path: str,
    *,
    role: str = "ops",
    by: str | None = None,
    **more: Any,
) -> Any:
    """One request of `role`; StackError in the notifier's own words when it refuses."""
    secret = folder.require_secrets().token_secret
    token = issue_token(secret, role=role, name=by or getpass.getuser(), minutes=5)
    answer = httpx.request(
        method,
        f"{folder.read_stack()['notifier']}/api/v1{path}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        trust_env=False,
        **more,
    )
    if answer.is_success:
        return answer.json() if answer.content else None
    said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    errors = said.get("errors") or [said]
    zh = "；".join(_where(each) + each.get("zh", answer.text[:300]) for each in errors)
    en = "; ".join(
        _where(each) + each.get("en", f"the notifier answered {answer.status_code}")
        for each in errors
    )
    raise StackError(zh, en)


def _where(error: dict[str, Any]) -> str:
    return f"{error['field']}: " if error.get("field") else ""
