-- name: numbers
select nextval('whistle_number') as number from generate_series(1, $1::int)

-- name: tickets
select ticket_id, state, round, registered_at, merged_into, registered, group_flagged
from ticket where ticket_id = any($1::uuid[]) order by ticket_id for update

-- name: ticket_update
update ticket t
set state = n.state, round = n.round, merged_into = n.merged_into, registered = n.registered,
    group_flagged = n.group_flagged
from unnest($1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::text[], $6::boolean[])
    as n (ticket_id, state, round, merged_into, registered, group_flagged)
where t.ticket_id = n.ticket_id

-- name: whistles_of_tickets
-- The running ones, and the last one dispatched even when it has ended (it may be reopened).
select distinct w.whistle_id
from whistle_ticket wt
join whistle w using (whistle_id)
join ticket t using (ticket_id)
where wt.ticket_id = any($1::uuid[])
    and (w.state not in ('closed', 'withdrawn') or w.demand_ticket = t.ticket_id and w.round = t.round)

-- name: whistles
select w.whistle_id, w.number, w.kind, w.state, w.round, w.urgency, w.category, w.demand_ticket,
    w.blower, w.region, w.provisional, w.in_charge, w.takeover_by,
    w.place_key, w.cross_district, w.canary, w.dispatcher_role, w.dispatcher_name, w.seq, w.history_hash,
    array(select wt.ticket_id from whistle_ticket wt where wt.whistle_id = w.whistle_id
          order by wt.ticket_id) as ticket_ids
from whistle w where w.whistle_id = any($1::uuid[]) order by w.whistle_id for update of w

-- name: whistle_read
select w.whistle_id, w.number, w.kind, w.state, w.round, w.urgency, w.category, w.demand_ticket,
    w.blower, w.region, w.provisional, w.in_charge, w.takeover_by,
    w.place_key, w.cross_district, w.canary, w.dispatcher_role, w.dispatcher_name, w.seq, w.history_hash,
    array(select wt.ticket_id from whistle_ticket wt where wt.whistle_id = w.whistle_id
          order by wt.ticket_id) as ticket_ids
from whistle w where w.whistle_id = any($1::uuid[])

-- name: assignments
select assignment_id, whistle_id, unit, relation, state, task, clause, acknowledged_at, deemed,
    contacted_at, arrived_at, done_at, return_asked_at, adjudicate, back_to, extension_asked,
    extended, dues, departed_at, handler, handler_post, action, ruled_at, disputed,
    suspension_asked, paused_at, reviewing
from assignment where whistle_id = any($1::uuid[]) order by whistle_id, place

-- name: assignments_of_units
select a.assignment_id, a.whistle_id, a.unit, a.relation, a.state, a.task, a.clause,
    a.acknowledged_at, a.deemed, a.contacted_at, a.arrived_at, a.done_at, a.return_asked_at,
    a.adjudicate, a.back_to, a.extension_asked, a.extended, a.dues,
    a.departed_at, a.handler, a.handler_post, a.action, a.ruled_at, a.disputed, a.suspension_asked,
    a.paused_at, a.reviewing
from unnest($1::uuid[], $2::text[]) as p (whistle_id, unit)
join assignment a on a.whistle_id = p.whistle_id and a.unit = p.unit
order by a.whistle_id, a.place

-- name: contents
select w.whistle_id, w.content, t.registered, t.group_flagged
from whistle w left join ticket t on t.ticket_id = w.demand_ticket
where w.whistle_id = any($1::uuid[])

-- name: whistle_update
update whistle w
set state = n.state, seq = n.seq, history_hash = n.history_hash, in_charge = n.in_charge
from unnest($1::uuid[], $2::text[], $3::int[], $4::bytea[], $5::text[])
    as n (whistle_id, state, seq, history_hash, in_charge)
where w.whistle_id = n.whistle_id

-- name: whistle_blow
update whistle w
set state = n.state, seq = n.seq, history_hash = n.history_hash, content = n.content,
    category = n.category, blower = n.blower, provisional = n.provisional, blown_at = n.blown_at,
    dispatcher_role = n.dispatcher_role, dispatcher_name = n.dispatcher_name
from unnest($1::uuid[], $2::text[], $3::int[], $4::bytea[], $5::text[], $6::text[], $7::text[],
    $8::boolean[], $9::timestamptz[], $10::text[], $11::text[])
    as n (whistle_id, state, seq, history_hash, content, category, blower, provisional, blown_at,
          dispatcher_role, dispatcher_name)
where w.whistle_id = n.whistle_id

-- name: unlink_tickets
delete from whistle_ticket wt
using unnest($1::uuid[], $2::uuid[]) as gone (whistle_id, ticket_id)
where wt.whistle_id = gone.whistle_id and wt.ticket_id = gone.ticket_id

-- name: assignment_update
update assignment a
set state = n.state, acknowledged_at = n.acknowledged_at, deemed = n.deemed,
    contacted_at = n.contacted_at, arrived_at = n.arrived_at, done_at = n.done_at
from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::timestamptz[],
    $6::timestamptz[], $7::timestamptz[])
    as n (assignment_id, state, acknowledged_at, deemed, contacted_at, arrived_at, done_at)
where a.assignment_id = n.assignment_id

-- name: assignment_update_all
update assignment a
set state = n.state, acknowledged_at = n.acknowledged_at, deemed = n.deemed,
    contacted_at = n.contacted_at, arrived_at = n.arrived_at, done_at = n.done_at,
    return_asked_at = n.return_asked_at, adjudicate = n.adjudicate, back_to = n.back_to,
    extension_asked = n.extension_asked, extended = n.extended, dues = n.dues, task = n.task,
    departed_at = n.departed_at, handler = n.handler, handler_post = n.handler_post,
    action = n.action, ruled_at = n.ruled_at, disputed = n.disputed,
    suspension_asked = n.suspension_asked, paused_at = n.paused_at, reviewing = n.reviewing
from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::timestamptz[],
    $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::boolean[], $10::text[],
    $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[], $16::text[],
    $17::text[], $18::text[], $19::timestamptz[], $20::boolean[], $21::text[], $22::timestamptz[],
    $23::boolean[])
    as n (assignment_id, state, acknowledged_at, deemed, contacted_at, arrived_at, done_at,
          return_asked_at, adjudicate, back_to, extension_asked, extended, dues, task,
          departed_at, handler, handler_post, action, ruled_at, disputed, suspension_asked,
          paused_at, reviewing)
where a.assignment_id = n.assignment_id

-- name: returns_asked
-- Who asked to return the matters of these whistles before, in any round of their tickets.
with mine as (
    select w.whistle_id as mine, w.whistle_id from whistle w where w.whistle_id = any($1::uuid[])
    union
    select a.whistle_id as mine, b.whistle_id
    from whistle_ticket a join whistle_ticket b using (ticket_id)
    where a.whistle_id = any($1::uuid[])
)
select mine.mine as whistle_id, a.unit
from mine
join whistle w on w.whistle_id = mine.whistle_id
join assignment a on a.whistle_id = mine.whistle_id
where a.return_asked_at is not null and not w.provisional
order by a.return_asked_at

-- name: demanded
select w.demand_ticket as ticket_id
from whistle w join ticket t on t.ticket_id = w.demand_ticket
where w.demand_ticket = any($1::uuid[]) and w.round = t.round and w.state <> 'withdrawn'

-- name: by_idempotency_key
select whistle_id, number, request_hash from whistle
where blower = $1 and idempotency_key = $2

-- name: listed
select w.whistle_id from whistle w
where ($1::uuid is null or exists (select from whistle_ticket wt
        where wt.whistle_id = w.whistle_id and wt.ticket_id = $1))
    and ($2::text is null or exists (select from assignment a
        where a.whistle_id = w.whistle_id and a.unit = $2))
    and ($3::text is null or w.state = $3)
    and ($4::uuid is null or w.whistle_id < $4)
    and ($5::text is null or w.blower = $5 or exists (select from assignment a
        where a.whistle_id = w.whistle_id and a.unit = $5)
        or w.region like $6::text || '%')
    and (not w.canary or $1::uuid is not null or $2::text is not null)
order by w.whistle_id desc limit $7

-- name: timeline
select seq, at, what, role, unit, actor_name, on_behalf_of, before, after
from history where aggregate_id = $1 order by seq

-- name: lock_key
select pg_advisory_xact_lock(hashtextextended($1::text, 0))
