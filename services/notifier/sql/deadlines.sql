-- name: deadlines_locked
-- Those of the batch, in the order of their ids, so that two batches never wait for each other.
select * from deadline
where deadline_id = any($1::uuid[]) or whistle_id = any($2::uuid[])
order by deadline_id for update

-- name: claim_due
-- Rows another watch or a fact holds are passed over: they come with the next claim.
select * from deadline
where fire_at <= $1
order by fire_at limit $2
for update skip locked

-- name: next_fire_at
select min(fire_at) from deadline where fire_at is not null

-- name: save_deadlines
update deadline d set
    group_matter = u.group_matter,
    state = u.state,
    late = u.late,
    due_by = u.due_by,
    due_rule = u.due_rule,
    due_started_at = u.due_started_at,
    due_calendar = u.due_calendar,
    due_policy = u.due_policy,
    due_provisional = u.due_provisional,
    counted_from = u.counted_from,
    term = u.term,
    fired = string_to_array(u.fired, ' '),
    next_rung = u.next_rung,
    fire_at = u.fire_at,
    paused_at = u.paused_at,
    met_at = u.met_at,
    ended_at = u.ended_at,
    seq = u.seq,
    history_hash = u.history_hash
from unnest(
    $1::uuid[], $2::boolean[], $3::text[], $4::boolean[], $5::timestamptz[], $6::text[],
    $7::timestamptz[], $8::text[], $9::text[], $10::boolean[], $11::timestamptz[], $12::int[],
    $13::text[], $14::text[], $15::timestamptz[], $16::timestamptz[], $17::timestamptz[],
    $18::timestamptz[], $19::int[], $20::bytea[]
) as u (
    deadline_id, group_matter, state, late, due_by, due_rule,
    due_started_at, due_calendar, due_policy, due_provisional, counted_from, term,
    fired, next_rung, fire_at, paused_at, met_at,
    ended_at, seq, history_hash
)
where d.deadline_id = u.deadline_id

-- name: save_fired
-- What firing alone changes; thousands fall due at one closing time.
update deadline d set
    state = u.state,
    late = u.late,
    fired = string_to_array(u.fired, ' '),
    next_rung = u.next_rung,
    fire_at = u.fire_at,
    seq = u.seq,
    history_hash = u.history_hash
from unnest(
    $1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::text[], $6::timestamptz[], $7::int[],
    $8::bytea[]
) as u (deadline_id, state, late, fired, next_rung, fire_at, seq, history_hash)
where d.deadline_id = u.deadline_id

-- name: called_now
-- The units that still owe something on the whistles of these tickets.
select distinct w.whistle_id, w.number, d.unit, w.ticket_ids, w.urgency
from whistle_known w join deadline d on d.whistle_id = w.whistle_id
where w.ticket_ids && $1::uuid[] and d.ended_at is null and d.unit is not null
order by w.whistle_id, d.unit

-- name: list_of_matter
-- Of a ticket, or of a whistle, running and ended; soonest due first. A filter that is null lets
-- all pass; the cursor is the last row's place.
select * from every_deadline
where (ticket_id = $1 or whistle_id = $2 or whistle_id = any(
        array(select w.whistle_id from whistle_known w where w.ticket_ids @> array[$1::uuid])))
    and ($3::text is null or unit = $3)
    and state = any($4::text[])
    and (due_by, deadline_id) > ($5::timestamptz, $6::uuid)
    and ($8::boolean is null or (ended_at is not null) = $8)
order by due_by, deadline_id limit $7

-- name: list_of_unit
-- As above, walking the unit's index of each table.
select * from every_deadline
where unit = $1 and state = any($2::text[]) and not canary
    and (due_by, deadline_id) > ($3::timestamptz, $4::uuid)
    and ($6::boolean is null or (ended_at is not null) = $6)
order by due_by, deadline_id limit $5

-- name: list_in_state
-- As above; of several states the first of each, so that the index of states is walked.
select d.* from unnest($1::text[]) as wanted (state), lateral (
    select * from every_deadline e
    where e.state = wanted.state and not e.canary and (e.due_by, e.deadline_id) > ($2::timestamptz, $3::uuid)
        and ($5::boolean is null or (e.ended_at is not null) = $5)
    order by e.due_by, e.deadline_id limit $4
) d
order by d.due_by, d.deadline_id limit $4

-- name: history_of
select aggregate_id, at, what, role, unit, after from history
where aggregate_id = any($1::uuid[]) order by aggregate_id, seq
