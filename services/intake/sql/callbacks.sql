-- The clerks' list of callbacks to be made, and the tries of each.

-- name: open_callbacks
insert into callback_task (ticket_id, round, region, opened_at, due_by, next_from, start_by)
select * from unnest(
    $1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $4::timestamptz[],
    $6::text[]
)
on conflict (ticket_id, round) do nothing

-- name: callback_task_of
-- The open one of a ticket, locked.
select * from callback_task where ticket_id = $1 and ended_at is null for update

-- name: open_callback_round
select round from callback_task where ticket_id = $1 and ended_at is null

-- name: callback_tries_of
select at, result from callback_try where ticket_id = $1 and round = $2 order by attempt

-- name: keep_callback_try
insert into callback_try (
    ticket_id, round, attempt, at, role, actor_name, result, satisfaction
) values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: callback_tried
-- After a try the task is nobody's; it ends, or waits until the next may be.
update callback_task set
    tries = $3,
    next_from = $4,
    ended_at = $5,
    version = version + 1,
    holder = null,
    held_until = null
where ticket_id = $1 and round = $2

-- name: claim_callback
-- Taken in one step: of two clerks at once one gets the row. Whoever has it may renew it.
update callback_task set holder = $2, held_until = $4, version = version + 1
where ticket_id = $1 and ended_at is null
    and (holder is null or holder = $2 or held_until <= $3)
    and ($5::int is null or version = $5)
returning version

-- name: release_callback
update callback_task set holder = null, held_until = null, version = version + 1
where ticket_id = $1 and ended_at is null and holder = $2
returning version

-- name: list_callbacks
-- The most pressing first. $4: only what may be tried by then; $5: only this clerk's.
select c.ticket_id, c.round, c.opened_at, c.due_by, c.next_from, c.tries, c.version, c.holder,
    c.held_until, t.number, t.title, t.type, t.urgency, t.category, t.region, t.seq
from callback_task c join ticket t using (ticket_id)
where c.ended_at is null
    and (c.due_by, c.ticket_id) > ($1, $2)
    and ($4::timestamptz is null or c.next_from <= $4)
    and ($5::text is null or c.holder = $5)
order by c.due_by, c.ticket_id
limit $3

-- name: count_callbacks
-- How many are open, may be tried by $1, and are past due then.
select count(*)::int as open,
    count(*) filter (where next_from <= $1)::int as ready,
    count(*) filter (where due_by < $1)::int as overdue
from callback_task where ended_at is null
