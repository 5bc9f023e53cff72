-- name: provisional_tickets
-- Tickets with a due time of intake's own that rests on a year not announced, above the cursor.
select distinct ticket_id from promise
where due_provisional and owner_id = ticket_id and ticket_id > $1
    and state in ('running', 'paused', 'missed')
order by ticket_id limit $2

-- name: tickets_due_within
-- Tickets with a due time of intake's own between two instants; the citizen's clock never moves.
select distinct ticket_id from promise
where owner_id = ticket_id and due_by between $2 and $3 and ticket_id > $1
    and kind <> 'citizen' and state in ('running', 'paused', 'missed', 'met_late')
order by ticket_id limit $4

-- name: move_callbacks
update callback_task set due_by = u.due_by, version = version + 1
from unnest($1::uuid[], $2::int[], $3::timestamptz[]) as u (ticket_id, round, due_by)
where callback_task.ticket_id = u.ticket_id and callback_task.round = u.round
    and callback_task.ended_at is null
