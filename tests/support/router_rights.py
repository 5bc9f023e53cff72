"""Who may do what at the router: every route with the roles it lets in, as one table.

From DOMAIN §3, §4 and §9 and CONTRACTS §1. A route is written `GET /api/v1/whistles/{whistle_id}`.
A new route needs its line here, or the test of the roles fails. Whose whistle, file, feed or key it
is comes after the door: that is the test of the units.
"""

from typing import Final

from shared.contracts.parts import Role
from tests.support.rights import LEAD, OF_A_REGION, OF_A_UNIT, OPS, SYSTEM, Roles

DEPARTMENT: Final = frozenset({Role.DEPARTMENT})
DISPATCHER: Final = frozenset({Role.DISPATCHER})
REVIEWER: Final = frozenset({Role.REVIEWER})
SUPERVISOR: Final = frozenset({Role.SUPERVISOR})
LEADER: Final = frozenset({Role.LEADER})
AUDITOR: Final = frozenset({Role.AUDITOR})

CITY: Final = (
    LEAD
    | {Role.OPERATOR, Role.CALLBACK_CLERK}
    | DISPATCHER
    | REVIEWER
    | SUPERVISOR
    | LEADER
    | OPS
    | AUDITOR
)
"""Who looks at the whole city's whistles; nobody of them sees who complained."""
UNITS: Final = OF_A_UNIT | DEPARTMENT
SEE: Final = CITY | UNITS | OF_A_REGION
REPORTING: Final = OF_A_UNIT | OF_A_REGION
DISPATCH: Final = DISPATCHER | SUPERVISOR
QUEUE: Final = DISPATCH | LEAD
REVIEW: Final = REVIEWER | SUPERVISOR
DECIDE: Final = REVIEW | DISPATCHER
"""Who decides what waits for a word; a dispatcher who need not assist any longer."""
REVIEWS: Final = DECIDE | LEADER | AUDITOR | UNITS | OF_A_REGION
BLOW: Final = OF_A_REGION | LEADER | DISPATCH
CONVENE: Final = BLOW | REVIEWER
OWN_SYSTEM: Final = DEPARTMENT | {Role.LIAISON}
UNIT_KEEPERS: Final = OPS | SUPERVISOR
UPLOAD: Final = UNITS | OF_A_REGION | DISPATCH | REVIEWER | LEADER
ABSENCES: Final = frozenset({Role.COMMUNITY_WORKER, Role.STREET_OFFICER}) | SUPERVISOR

_TABLE: Final[dict[str, Roles]] = {
    # whistles and reports
    "GET /api/v1/whistles": SEE,
    "GET /api/v1/whistles/{whistle_id}": SEE,
    "POST /api/v1/whistles": BLOW,
    "POST /api/v1/whistles/{whistle_id}/reports": REPORTING,
    "GET /api/v1/live": SEE,
    # the dispatcher's queue
    "GET /api/v1/held": QUEUE,
    "POST /api/v1/held/{ticket_id}/dispatch": DISPATCH,
    "POST /api/v1/held/dispatches": DISPATCH,
    "POST /api/v1/held/{ticket_id}/hand-overs": QUEUE,
    "GET /api/v1/merges": QUEUE,
    "POST /api/v1/merges/{ticket_id}/decisions": DISPATCH,
    "POST /api/v1/whistles/{whistle_id}/assisting": DISPATCH,
    "GET /dispatch": QUEUE,
    "GET /dispatch/{ticket_id}": QUEUE,
    "GET /dispatch/merges/{ticket_id}": QUEUE,
    # what is ruled, granted and looked at
    "GET /api/v1/reviews": REVIEWS,
    "POST /api/v1/whistles/{whistle_id}/rulings": REVIEW,
    "POST /api/v1/whistles/{whistle_id}/adjudications": SUPERVISOR,
    "POST /api/v1/whistles/{whistle_id}/extensions": REVIEW,
    "POST /api/v1/whistles/{whistle_id}/suspensions": SUPERVISOR,
    "POST /api/v1/whistles/{whistle_id}/resumptions": SUPERVISOR,
    "POST /api/v1/whistles/{whistle_id}/reviews": REVIEW,
    "GET /reviews": DECIDE,
    "GET /reviews/{whistle_id}/{review_id}": DECIDE,
    # joint matters
    "POST /api/v1/whistles/{whistle_id}/consultations": CONVENE,
    "POST /api/v1/whistles/{whistle_id}/take-overs": CONVENE,
    "POST /api/v1/whistles/{whistle_id}/withdrawals": CONVENE,
    "POST /api/v1/whistles/{whistle_id}/own-efforts": CONVENE,
    "POST /api/v1/whistles/{whistle_id}/releases": CONVENE,
    "POST /api/v1/whistles/{whistle_id}/acceptances": CONVENE,
    "POST /api/v1/whistles/{whistle_id}/failed-acceptances": CONVENE,
    "POST /api/v1/whistles/{whistle_id}/evaluations": CONVENE,
    "GET /api/v1/whistles/{whistle_id}/joint": SEE,
    "GET /api/v1/whistles/{whistle_id}/repeats": SEE,
    "GET /api/v1/board": SEE,
    "GET /api/v1/evaluations": SEE,
    # the workbench of a unit
    "GET /workbench": REPORTING,
    "GET /workbench/figures": REPORTING,
    "GET /workbench/m": REPORTING,
    "GET /workbench/{whistle_id}": REPORTING,
    "GET /workbench/{whistle_id}/since": REPORTING,
    "GET /workbench/{whistle_id}/likely": REPORTING,
    "POST /workbench/{whistle_id}/alike": REPORTING,
    # the street console
    "GET /console": BLOW,
    "GET /console/map.json": BLOW,
    "GET /console/at": BLOW,
    # a leader of a street may; the unit of the tests' leader blows no whistles
    "GET /console/blow": BLOW - LEADER,
    "POST /console/suggestions": BLOW,
    "GET /console/tickets": BLOW,
    "GET /console/{whistle_id}": BLOW,
    "GET /console/{whistle_id}/since": BLOW,
    # files
    "POST /api/v1/files": UPLOAD,
    "GET /api/v1/files": SEE,
    "GET /api/v1/files/{file_id}": SEE,
    # units, grids and the duty list
    "GET /api/v1/units": SEE,
    "POST /api/v1/units": UNIT_KEEPERS,
    "PATCH /api/v1/units/{code}": UNIT_KEEPERS,
    "POST /api/v1/units/{code}/removal": UNIT_KEEPERS,
    "POST /api/v1/units/{code}/reachable": OPS | SYSTEM,
    "GET /api/v1/grids": CITY | OF_A_REGION,
    "POST /api/v1/grids/{grid}/absences": ABSENCES,
    "DELETE /api/v1/grids/{grid}/absences/{absence_id}": ABSENCES,
    "GET /api/v1/duties": CITY,
    "GET /api/v1/duties/versions": CITY,
    "GET /api/v1/duties/versions/{version}/changes": CITY,
    "POST /api/v1/duties/drafts": DISPATCH,
    "POST /api/v1/duties/drafts/{version}/edits": DISPATCH,
    "PUT /api/v1/duties/rows": DISPATCH,
    "DELETE /api/v1/duties/drafts/{version}": DISPATCH,
    "POST /api/v1/duties/drafts/{version}/dry-run": DISPATCH,
    "POST /api/v1/duties/drafts/{version}/publish": SUPERVISOR,
    "GET /api/v1/duties/proposals": CITY,
    "POST /api/v1/duties/proposals": DISPATCH | REVIEWER,
    "POST /api/v1/duties/proposals/{proposal_id}/taking": DISPATCH,
    "POST /api/v1/duties/proposals/{proposal_id}/dismissal": DISPATCH,
    # departments' own systems
    "GET /api/v1/department/events": OWN_SYSTEM,
    "POST /api/v1/department/reports": OWN_SYSTEM,
    "PUT /api/v1/department/webhook": OWN_SYSTEM,
    "GET /api/v1/department/webhook": OWN_SYSTEM,
    "DELETE /api/v1/department/webhook": OWN_SYSTEM,
    "POST /api/v1/department/webhook/secret": OWN_SYSTEM,
    "POST /api/v1/department/webhook/replay": OWN_SYSTEM,
    "GET /api/v1/department/webhook/deliveries": OWN_SYSTEM,
    "POST /api/v1/department/webhook/deliveries/{delivery_id}/resend": OWN_SYSTEM,
    "GET /api/v1/department/keys": OPS,
    "POST /api/v1/department/keys": OPS,
    "DELETE /api/v1/department/keys/{key_id}": OPS,
    # operations
    "GET /api/v1/dead-letters": OPS,
    "GET /api/v1/dead-letters/{dead_letter_id}": OPS,
    "POST /api/v1/dead-letters/{dead_letter_id}/replay": OPS,
    "POST /api/v1/dead-letters/replays": OPS,
    "GET /ops/dead-letters": OPS,
    "GET /ops/parked": OPS,
    "GET /api/v1/calendar": UNIT_KEEPERS,
    "POST /api/v1/calendar/years": UNIT_KEEPERS,
}
MATRIX: Final = {route: frozenset(Role(role) for role in roles) for route, roles in _TABLE.items()}

# No role is asked here: probes, sign-in, the contract that departments read before they have a key,
# and the token for a key, which is in its header.
OPEN: Final = frozenset(
    {
        *("GET /openapi.json", "GET /health", "GET /ready", "GET /metrics"),
        *("GET /login", "POST /login", "POST /logout", "GET /", "GET /home", "POST /preferences"),
        "GET /static/{name:path}",
        *("GET /contracts", "GET /contracts/asyncapi.yaml"),
        *("GET /contracts/schemas/{name}", "GET /contracts/examples/{name}"),
        "POST /api/v1/department/token",
    }
)
