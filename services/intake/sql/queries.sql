-- The statements of intake, by name. Times are parameters; nothing here asks for the clock.

-- name: claim_keys
-- Take keys of registrations, in order so that two processes never wait for each other in a ring;
-- a key taken by a transaction still running is waited for. Returns the keys now ours.
insert into claim (scope, key, ticket_id, key_id, body_hash, at)
select scope, key, ticket_id, key_id, body_hash, at
from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bytea[], $6::timestamptz[])
    with ordinality as asked (scope, key, ticket_id, key_id, body_hash, at, place)
order by scope, key, place
on conflict do nothing
returning scope, key, ticket_id

-- name: claims
select scope, key, ticket_id, key_id, body_hash
from claim
join unnest($1::text[], $2::text[]) as asked (scope, key) using (scope, key)

-- name: claim_points_to
update claim set ticket_id = to_ticket
from unnest($1::text[], $2::text[], $3::uuid[]) as given (scope, key, to_ticket)
where claim.scope = given.scope and claim.key = given.key

-- name: claim_give_back
delete from claim
using unnest($1::text[], $2::text[]) as given (scope, key)
where claim.scope = given.scope and claim.key = given.key

-- name: receipts
select ticket_id, receipt from ticket where ticket_id = any($1::uuid[])

-- name: take_running
-- The first running number of the day (null on its first registration) and $2 new numbers.
select (select first_running from ticket_day where day = $1) as first_running,
    array(select nextval('ticket_running') from generate_series(1, $2::int)) as running

-- name: begin_day
-- The day's first number; the transaction that comes second waits and keeps the first one's.
insert into ticket_day (day, first_running) values ($1, nextval('ticket_running'))
on conflict do nothing

-- name: same_caller
-- How many tickets came from each phone since $2, at most 20 counted.
select asked.phone_index, count(found.ticket_id)::int as tickets
from unnest($1::bytea[]) as asked (phone_index)
cross join lateral (
    select ticket_id from vault
    where vault.phone_index = asked.phone_index and vault.at >= $2
    limit 20
) as found
group by asked.phone_index

-- name: tickets_for_update
-- Locked in the order of their ids.
select * from ticket where ticket_id = any($1::uuid[]) order by ticket_id for update

-- name: promises_of
select * from promise where ticket_id = any($1::uuid[])

-- name: calls_of
select * from unit_call where ticket_id = any($1::uuid[])

-- name: tickets_of_whistles
select distinct whistle_id, ticket_id from unit_call where whistle_id = any($1::uuid[])

-- name: save_tickets
update ticket set
    state = given.state,
    seq = given.seq,
    history_hash = given.history_hash,
    round = given.round,
    urgency = given.urgency,
    whistle_id = given.whistle_id,
    urged = given.urged,
    urged_at = given.urged_at,
    callback_tries = given.callback_tries,
    ended_at = given.ended_at
from unnest(
    $1::uuid[], $2::text[], $3::int[], $4::bytea[], $5::int[], $6::text[], $7::uuid[], $8::int[],
    $9::timestamptz[], $10::int[], $11::timestamptz[]
) as given (
    ticket_id, state, seq, history_hash, round, urgency, whistle_id, urged, urged_at,
    callback_tries, ended_at
)
where ticket.ticket_id = given.ticket_id

-- name: save_promises
insert into promise (
    ticket_id, owner_id, kind, round, unit, whistle_id, state, due_by, due_rule, due_started_at,
    due_calendar, due_policy, due_provisional
)
select * from unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::uuid[], $7::text[],
    $8::timestamptz[], $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::boolean[]
)
on conflict (ticket_id, owner_id, kind, round) do update set
    unit = excluded.unit,
    whistle_id = excluded.whistle_id,
    state = excluded.state,
    due_by = excluded.due_by,
    due_rule = excluded.due_rule,
    due_started_at = excluded.due_started_at,
    due_calendar = excluded.due_calendar,
    due_policy = excluded.due_policy,
    due_provisional = excluded.due_provisional

-- name: save_calls
insert into unit_call (ticket_id, assignment_id, whistle_id, unit, relation, state)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
on conflict (ticket_id, assignment_id) do update set
    relation = excluded.relation,
    state = excluded.state

-- name: ticket
select * from ticket where ticket_id = $1

-- name: timeline_of
select at, who, what, zh from timeline where ticket_id = $1 order by at, timeline_id

-- name: list_newest
-- Newest first, from below the cursor; the region may be null.
select * from ticket
where ticket_id < $1 and not canary and ($2::text is null or region like $2 || '%')
order by ticket_id desc
limit $3

-- name: list_in_state
select * from ticket
where state = $4 and ticket_id < $1 and not canary and ($2::text is null or region like $2 || '%')
order by ticket_id desc
limit $3

-- name: list_of_source
select * from ticket
where source_system = $5 and ticket_id < $1 and not canary
    and ($2::text is null or region like $2 || '%')
    and ($4::text is null or state = $4)
order by ticket_id desc
limit $3

-- name: ticket_of_source
select ticket.* from claim join ticket using (ticket_id) where claim.scope = $1 and claim.key = $2

-- name: person_of
select key_id, sealed from vault where ticket_id = $1

-- name: keep_supplement
insert into vault_supplement (ticket_id, key_id, sealed, at) values ($1, $2, $3, $4)

-- name: record_disclosure
insert into disclosure (ticket_id, at, role, unit, actor_name, purpose)
values ($1, $2, $3, $4, $5, $6)
