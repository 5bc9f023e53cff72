"""Who may do what at the notifier: every route with the roles it lets in, as one table.

From DOMAIN §3, §5 and §9. A route is written `GET /api/v1/deadlines`. A new route needs its line
here, or the test of the roles fails. Whose promise or supervision it is comes after the door.
"""

from typing import Final

from shared.contracts.parts import Role
from tests.support.rights import CANARY, LEAD, OF_A_REGION, OF_A_UNIT, OPS, Roles

SUPERVISOR: Final = frozenset({Role.SUPERVISOR})
LEADER: Final = frozenset({Role.LEADER})
AUDITOR: Final = frozenset({Role.AUDITOR})
DISPATCHER: Final = frozenset({Role.DISPATCHER})
CITY: Final = (
    LEAD
    | {Role.OPERATOR, Role.CALLBACK_CLERK, Role.REVIEWER}
    | DISPATCHER
    | SUPERVISOR
    | LEADER
    | OPS
    | AUDITOR
)
SEE: Final = CITY | OF_A_UNIT | OF_A_REGION | {Role.DEPARTMENT}
INSTRUCT: Final = SUPERVISOR | LEADER
OPERATE: Final = OPS | SUPERVISOR
BOARD: Final = INSTRUCT | LEAD | OPS | AUDITOR | frozenset({Role.STREET_OFFICER, Role.LIAISON})
KEEPERS: Final = OPERATE | {Role.LIAISON}
OBJECT: Final = SUPERVISOR | {Role.LIAISON, Role.STREET_OFFICER, Role.COMMUNITY_WORKER}
BRIEF: Final = INSTRUCT | LEAD | OPS | AUDITOR | DISPATCHER | {Role.REVIEWER}
AUDITS: Final = SUPERVISOR | AUDITOR | OPS

_TABLE: Final[dict[str, Roles]] = {
    # the board
    "GET /board": BOARD,
    "GET /board.csv": BOARD,
    "GET /board/list": BOARD,
    "GET /board/list.csv": BOARD,
    "GET /board/m": INSTRUCT,
    "GET /board/supervisions": BOARD | DISPATCHER | {Role.HANDLER},
    "GET /promises/{about}": BOARD | DISPATCHER | {Role.HANDLER, Role.REVIEWER},
    "GET /api/v1/board/views": BOARD,
    "POST /api/v1/board/views": BOARD,
    "DELETE /api/v1/board/views/{view_id}": BOARD,
    "GET /api/v1/live": SEE,
    # promises and supervision
    "GET /api/v1/deadlines": SEE,
    "GET /api/v1/supervisions": SEE,
    "POST /api/v1/supervisions": INSTRUCT,
    "POST /api/v1/supervisions/{supervision_id}/answers": OF_A_UNIT
    | {Role.DEPARTMENT}
    | OF_A_REGION
    | DISPATCHER
    | LEAD
    | SUPERVISOR,
    # who is on duty, and what people are told
    "GET /api/v1/rota": SEE,
    "GET /api/v1/rota/heard": SEE,
    "GET /api/v1/rota/vacancies": SEE,
    "POST /api/v1/rota/shifts": KEEPERS,
    "POST /api/v1/rota/shifts/{shift_id}/substitutes": KEEPERS,
    "POST /api/v1/rota/shifts/{shift_id}/ends": KEEPERS,
    "POST /api/v1/rota/persons/{person_id}/contacts": KEEPERS,
    "GET /api/v1/notices": SEE,
    "GET /api/v1/notices/held": OPERATE,
    "POST /api/v1/notices/release": OPERATE,
    "GET /api/v1/deliveries": OPERATE,
    "POST /api/v1/deliveries/{delivery_id}/again": OPERATE,
    # figures
    "GET /api/v1/figures": SEE,
    "GET /api/v1/figures.csv": SEE,
    "GET /api/v1/figures/left-out/tickets": SEE,
    "GET /api/v1/figures/{figure}/tickets": SEE,
    "GET /api/v1/figures/rebuilds": OPERATE,
    "POST /api/v1/figures/rebuilds": OPERATE,
    "GET /api/v1/exclusions": SEE,
    "POST /api/v1/exclusions": SUPERVISOR,
    "POST /api/v1/exclusions/{exclusion_id}/ends": SUPERVISOR,
    "GET /api/v1/rankings": SEE,
    "GET /api/v1/rankings/history": SEE,
    "POST /api/v1/rankings": SUPERVISOR,
    "POST /api/v1/rankings/{ranking_id}/objections": OBJECT,
    "POST /api/v1/rankings/objections/{objection_id}/answers": SUPERVISOR,
    "POST /api/v1/rankings/{ranking_id}/publish": SUPERVISOR,
    "GET /api/v1/brief": BRIEF,
    "GET /api/v1/brief/days": BRIEF,
    "GET /brief": BRIEF,
    # the calendar and outages
    "GET /api/v1/calendar": OPERATE,
    "POST /api/v1/calendar/years": OPERATE,
    "GET /api/v1/outages": OPERATE,
    "POST /api/v1/outages": SUPERVISOR,
    # operations
    "GET /ops/dead-letters": OPS,
    "GET /ops/parked": OPS,
    "GET /ops/audit": AUDITS,
    "GET /api/v1/audit": AUDITS,
    "POST /api/v1/audit/runs": AUDITS,
    "GET /api/v1/canary": AUDITS | LEADER | CANARY,
    "GET /api/v1/dead-letters": OPS,
    "GET /api/v1/dead-letters/{dead_letter_id}": OPS,
    "POST /api/v1/dead-letters/{dead_letter_id}/replay": OPS,
    "POST /api/v1/dead-letters/replays": OPS,
}
MATRIX: Final = {route: frozenset(Role(role) for role in roles) for route, roles in _TABLE.items()}
OPEN: Final = frozenset(
    {
        *("GET /openapi.json", "GET /health", "GET /ready", "GET /metrics"),
        *("GET /login", "POST /login", "POST /logout", "GET /", "GET /home", "POST /preferences"),
        "GET /static/{name:path}",
    }
)
