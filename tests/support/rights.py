"""Who may do what at intake: every route with the roles it lets in, as one table.

A route is written `GET /api/v1/tickets/{ticket_id}`. A new route needs its line here, or the test
of the roles fails.
"""

from typing import Final

from shared.contracts.parts import Role
from shared.web.identity import issue_token
from tests.support.intake import SECRET

Roles = frozenset[Role]
NOBODY: Final = "00000000-0000-7000-8000-000000000000"

OPERATOR: Final = frozenset({Role.OPERATOR})
LEAD: Final = frozenset({Role.SHIFT_LEAD})
DESK: Final = OPERATOR | LEAD
CLERKS: Final = LEAD | {Role.CALLBACK_CLERK}
OF_A_REGION: Final = frozenset({Role.STREET_OFFICER, Role.COMMUNITY_WORKER, Role.GRID_WORKER})
OPS: Final = frozenset({Role.OPS})
SYSTEM: Final = frozenset({Role.SYSTEM})
CANARY: Final = frozenset({Role.CANARY})
REGISTER: Final = DESK | OF_A_REGION | SYSTEM
DOERS: Final = DESK | {Role.DISPATCHER, Role.SUPERVISOR}
MERGERS: Final = DESK | {Role.DISPATCHER}
SEE: Final = (
    REGISTER
    | OPS
    | {
        Role.DISPATCHER,
        Role.REVIEWER,
        Role.SUPERVISOR,
        Role.CALLBACK_CLERK,
        Role.LEADER,
        Role.AUDITOR,
    }
)
OF_A_UNIT: Final = frozenset({Role.LIAISON, Role.HANDLER})
READERS: Final = SEE - {Role.GRID_WORKER} | {Role.LIAISON}
WRITERS: Final = LEAD | {Role.LIAISON}
APPROVERS: Final = LEAD | {Role.SUPERVISOR}
CAMPAIGNS: Final = frozenset({Role.SUPERVISOR, Role.STREET_OFFICER})
RESULTS: Final = CAMPAIGNS | {Role.LEADER, Role.AUDITOR}
EXPORT: Final = LEAD | {
    Role.DISPATCHER,
    Role.SUPERVISOR,
    Role.LEADER,
    Role.AUDITOR,
    Role.STREET_OFFICER,
}

_TABLE: Final[dict[str, Roles]] = {
    # requests
    "POST /api/v1/tickets": REGISTER | CANARY,
    "GET /api/v1/tickets": SEE,
    "GET /api/v1/tickets/{ticket_id}": SEE,
    "GET /api/v1/tickets/{ticket_id}/relations": SEE,
    "POST /api/v1/tickets/{ticket_id}/supplements": DOERS | SYSTEM,
    "POST /api/v1/tickets/{ticket_id}/urges": DOERS | SYSTEM,
    "POST /api/v1/tickets/{ticket_id}/withdrawals": DESK | CANARY,
    "POST /api/v1/tickets/{ticket_id}/info-requests": DESK,
    "POST /api/v1/tickets/{ticket_id}/supplies": DESK,
    "POST /api/v1/tickets/{ticket_id}/answers": DESK,
    "POST /api/v1/tickets/{ticket_id}/transfers": DESK,
    "POST /api/v1/tickets/{ticket_id}/rejections": LEAD,
    "POST /api/v1/tickets/{ticket_id}/appeals": DESK,
    "POST /api/v1/tickets/{ticket_id}/voids": LEAD,
    "POST /api/v1/tickets/{ticket_id}/reopenings": DESK,
    "POST /api/v1/tickets/{ticket_id}/merges": MERGERS,
    "DELETE /api/v1/tickets/{ticket_id}/merges": MERGERS - OPERATOR,
    "POST /api/v1/tickets/{ticket_id}/links": MERGERS,
    "GET /api/v1/settlements": SEE,
    "GET /api/v1/lines": SEE,
    "POST /api/v1/hints/categories": REGISTER,
    "POST /api/v1/hints/duplicates": REGISTER,
    # personal data
    "POST /api/v1/tickets/{ticket_id}/disclosures": OF_A_UNIT,
    "POST /desk/tickets/{ticket_id:uuid}/contact": DESK | CLERKS,
    "POST /api/v1/persons/exports": LEAD,
    "POST /api/v1/persons/erasures": LEAD,
    "GET /api/v1/persons/requests": LEAD | {Role.AUDITOR},
    # callbacks and ratings
    "POST /api/v1/tickets/{ticket_id}/callbacks": CLERKS,
    "GET /api/v1/callbacks": CLERKS,
    "POST /api/v1/callbacks/{ticket_id}/claims": CLERKS,
    "DELETE /api/v1/callbacks/{ticket_id}/claims": CLERKS,
    "GET /callbacks": CLERKS,
    "GET /callbacks/{ticket_id}": CLERKS,
    "POST /callbacks/{ticket_id}/claims": CLERKS,
    "POST /callbacks/{ticket_id}/releases": CLERKS,
    "POST /callbacks/{ticket_id}/results": CLERKS,
    "GET /api/v1/ratings/campaigns": RESULTS,
    "GET /api/v1/ratings/campaigns/{campaign_id}": RESULTS,
    "POST /api/v1/ratings/campaigns": CAMPAIGNS,
    "POST /api/v1/ratings/campaigns/{campaign_id}/codes": CAMPAIGNS,
    "POST /api/v1/ratings/campaigns/{campaign_id}/endings": CAMPAIGNS,
    "GET /ratings": RESULTS,
    "GET /ratings/{campaign_id}": RESULTS,
    "POST /ratings": CAMPAIGNS,
    "POST /ratings/{campaign_id}/codes": CAMPAIGNS,
    "POST /ratings/{campaign_id}/endings": CAMPAIGNS,
    # source systems
    "GET /api/v1/sources": OPS,
    "POST /api/v1/sources": OPS,
    "GET /api/v1/sources/{system}": OPS,
    "PUT /api/v1/sources/{system}": OPS,
    "POST /api/v1/sources/{system}/secret": OPS,
    "GET /api/v1/sources/{system}/keys": OPS,
    "POST /api/v1/sources/{system}/keys": OPS,
    "DELETE /api/v1/sources/{system}/keys/{key_id}": OPS,
    "GET /api/v1/sources/{system}/deliveries": OPS,
    "POST /api/v1/sources/{system}/deliveries/{delivery_id}/resend": OPS,
    # photos
    "POST /api/v1/photos": REGISTER,
    "DELETE /api/v1/photos/{photo_id}": REGISTER,
    "GET /api/v1/photos/{photo_id}/file": SEE | OF_A_UNIT | {Role.DEPARTMENT},
    # the desk
    "POST /api/v1/calls": OPS | SYSTEM,
    "GET /api/v1/calls/stream": DESK,
    "GET /api/v1/calls/{call_id}": DESK,
    "PUT /api/v1/desk/extension": DESK,
    "POST /api/v1/harassment-marks": LEAD,
    "DELETE /api/v1/harassment-marks/{mark_id}": LEAD,
    "POST /api/v1/caller-notes": DESK,
    "DELETE /api/v1/caller-notes/{note_id}": DESK,
    "GET /api/v1/drafts": DESK,
    "PUT /api/v1/drafts/{draft_id}": DESK,
    "GET /api/v1/drafts/{draft_id}": DESK,
    "DELETE /api/v1/drafts/{draft_id}": DESK,
    "POST /api/v1/drafts/missing": DESK,
    "POST /api/v1/drafts/{draft_id}/submissions": DESK,
    "GET /desk": DESK,
    "GET /desk/caller": DESK,
    "POST /desk/caller": DESK,
    "GET /desk/drafts": DESK,
    "GET /desk/mine": DESK,
    "GET /desk/marks": LEAD,
    "GET /desk/t/{number}": SEE,
    "GET /desk/find": SEE,
    "GET /desk/tickets/{ticket_id:uuid}": SEE,
    # lists
    "GET /api/v1/search": SEE,
    "POST /api/v1/search/rebuild": OPS,
    "GET /api/v1/views": SEE,
    "POST /api/v1/views": SEE,
    "PATCH /api/v1/views/{view_id}": SEE,
    "DELETE /api/v1/views/{view_id}": SEE,
    "POST /api/v1/bulk/previews": DOERS,
    "POST /api/v1/bulk": DOERS,
    "GET /desk/tickets": SEE,
    "GET /desk/tickets.csv": EXPORT,
    # knowledge and phrases
    "GET /api/v1/knowledge": READERS,
    "GET /api/v1/knowledge/{article_id}": READERS,
    "POST /api/v1/knowledge": WRITERS,
    "PUT /api/v1/knowledge/{article_id}/draft": WRITERS,
    "DELETE /api/v1/knowledge/{article_id}/draft": WRITERS,
    "POST /api/v1/knowledge/{article_id}/approvals": APPROVERS,
    "POST /api/v1/knowledge/{article_id}/withdrawals": WRITERS,
    "GET /knowledge": READERS,
    "GET /knowledge/new": WRITERS,
    "POST /knowledge/new": WRITERS,
    "GET /knowledge/{article_id}": READERS,
    "GET /knowledge/{article_id}/edit": WRITERS,
    "POST /knowledge/{article_id}/edit": WRITERS,
    "POST /knowledge/{article_id}/approve": APPROVERS,
    "POST /knowledge/{article_id}/withdraw": WRITERS,
    "POST /knowledge/{article_id}/discard": WRITERS,
    "GET /desk/knowledge": SEE,
    "GET /api/v1/phrases": SEE,
    "POST /api/v1/phrases": SEE,
    "PUT /api/v1/phrases/{phrase_id}": SEE,
    "DELETE /api/v1/phrases/{phrase_id}": SEE,
    "GET /desk/phrases": SEE,
    "GET /desk/phrases/panel": SEE,
    "POST /desk/phrases": SEE,
    "POST /desk/phrases/{phrase_id}/forget": SEE,
    # operations
    "GET /api/v1/dead-letters": OPS,
    "GET /api/v1/dead-letters/{dead_letter_id}": OPS,
    "POST /api/v1/dead-letters/{dead_letter_id}/replay": OPS,
    "POST /api/v1/dead-letters/replays": OPS,
    "GET /ops/dead-letters": OPS,
    "GET /ops/parked": OPS,
    "GET /api/v1/calendar": OPS | {Role.SUPERVISOR},
    "POST /api/v1/calendar/years": OPS | {Role.SUPERVISOR},
}
MATRIX: Final = {route: frozenset(Role(role) for role in roles) for route, roles in _TABLE.items()}

# No role is asked here: probes, sign-in, signed links, residents' pages and sessions, public data,
# and Open311, whose key is in its form.
OPEN: Final = frozenset(
    {
        *("GET /openapi.json", "GET /health", "GET /ready", "GET /metrics"),
        *("GET /login", "POST /login", "POST /logout", "GET /", "GET /home", "POST /preferences"),
        *("GET /static/{name:path}", "GET /map/base.json", "GET /map/locate"),
        *("GET /photos/{photo_id}", "GET /e/{token}", "POST /e/{token}"),
        *("GET /q/{code}", "POST /q/{code}", "GET /t/{token}"),
        *("GET /r", "GET /r/how", "GET /r/sw.js", "GET /r/session", "GET /r/mine"),
        *("POST /r/photos", "DELETE /r/photos/{photo_id}", "POST /r/reports", "POST /r/nearby"),
        *("GET /r/t/{number}", "GET /r/t/{number}/receipt", "GET /r/t/{number}/looks"),
        *("POST /r/supplements", "POST /r/urges", "POST /r/withdrawals", "POST /r/reopenings"),
        *(
            "POST /r/appeals",
            "POST /r/ratings",
            "POST /r/agreements",
            "POST /r/links",
            "POST /r/leavings",
        ),
        *("GET /r/state", "POST /r/state", "GET /r/code", "POST /r/code", "POST /r/code/uses"),
        "GET /open311/v2/discovery.{ending}",
        "GET /open311/v2/services.{ending}",
        "GET /open311/v2/services/{service_code}.{ending}",
        "GET /open311/v2/requests.{ending}",
        "GET /open311/v2/requests/{service_request_id}.{ending}",
        "GET /open311/v2/tokens/{token}.{ending}",
        "POST /open311/v2/requests.{ending}",
    }
)


def address(route: str) -> tuple[str, str]:
    """The method and an address of a route, of things that are not there."""
    method, _, path = route.partition(" ")
    parts = []
    for part in path.split("/"):
        name = part.strip("{}").partition(":")[0]
        if not part.startswith("{"):
            parts.append(part)
        elif name == "system":
            parts.append("nowhere")
        elif name == "dead_letter_id":
            parts.append("1")
        else:
            parts.append("159900000000000000" if name == "number" else NOBODY)
    return method, "/".join(parts)


def token(role: Role) -> dict[str, str]:
    """The header of a caller of that role, of a unit whose people may have it."""
    unit = "S-159902001" if role in OF_A_REGION else "C-CGJ"
    made = issue_token(SECRET, role=role.value, unit=unit, name="测试员")
    return {"Authorization": f"Bearer {made}"}
