-- name: provisional_tickets
-- Tickets with a due time of intake's own that rests on a year not announced, above the cursor.
select ticket_id from (
    (
        select distinct ticket_id from promise
        where due_provisional and owner_id = ticket_id and ticket_id > $1
            and state in ('running', 'paused', 'missed')
        order by ticket_id limit $2
    ) union (
        select ticket_id from callback_task
        where ended_at is null and tries = 0 and ticket_id > $1
            and start_by like '%"provisional":true%'
        order by ticket_id limit $2
    )
) as provisional
order by ticket_id limit $2

-- name: tickets_due_within
-- Tickets with a due time of intake's own between two instants; the citizen's clock never moves.
select ticket_id from (
    (
        select distinct ticket_id from promise
        where owner_id = ticket_id and due_by between $2 and $3 and ticket_id > $1
            and kind <> 'citizen' and state in ('running', 'paused', 'missed', 'met_late')
        order by ticket_id limit $4
    ) union (
        select ticket_id from callback_task
        where ended_at is null and tries = 0 and ticket_id > $1
            and (start_by::json ->> 'by')::timestamptz between $2 and $3
        order by ticket_id limit $4
    )
) as due_within
order by ticket_id limit $4

-- name: callback_starts
-- Until when the callbacks of these tickets that nobody has begun are to be.
select ticket_id, start_by from callback_task
where ticket_id = any($1::uuid[]) and ended_at is null and tries = 0 and start_by is not null

-- name: move_callbacks
-- Of each either the end or the start moves.
update callback_task c
set due_by = coalesce(u.due_by, c.due_by), start_by = coalesce(u.start_by, c.start_by),
    version = version + 1
from (
    select ticket_id, round, max(due_by) as due_by, max(start_by) as start_by
    from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[])
        as given (ticket_id, round, due_by, start_by)
    group by ticket_id, round
) as u
where c.ticket_id = u.ticket_id and c.round = u.round and c.ended_at is null
