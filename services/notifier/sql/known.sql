-- name: know_tickets
-- A row to lock for each ticket; a second transaction waits here for the first.
insert into ticket_known (ticket_id) select unnest($1::uuid[]) on conflict do nothing

-- name: tickets_known
select ticket_id, number, dispatched_at, group_matter, urged_at, urged_count, urged_seq
from ticket_known where ticket_id = any($1::uuid[]) order by ticket_id for update

-- name: urged_tickets
select ticket_id, number, dispatched_at, group_matter, urged_at, urged_count, urged_seq
from ticket_known where ticket_id = any($1::uuid[]) and urged_at is not null

-- name: save_tickets
update ticket_known t set
    number = u.number,
    dispatched_at = u.dispatched_at,
    group_matter = u.group_matter,
    urged_at = u.urged_at,
    urged_count = u.urged_count,
    urged_seq = u.urged_seq
from unnest(
    $1::uuid[], $2::text[], $3::timestamptz[], $4::boolean[], $5::timestamptz[], $6::int[],
    $7::int[]
) as u (ticket_id, number, dispatched_at, group_matter, urged_at, urged_count, urged_seq)
where t.ticket_id = u.ticket_id

-- name: forget_tickets
delete from ticket_known where ticket_id = any($1::uuid[])

-- name: whistles_known
select whistle_id, number, urgency, group_matter, ticket_ids, blown_at
from whistle_known where whistle_id = any($1::uuid[])

-- name: whistles_of_tickets
select whistle_id, number, urgency, group_matter, ticket_ids, blown_at
from whistle_known where ticket_ids && $1::uuid[]

-- name: save_whistles
-- The tickets of a whistle are a text of ids, as arrays of arrays do not unnest row by row.
insert into whistle_known (whistle_id, number, urgency, group_matter, ticket_ids, blown_at)
select u.whistle_id, u.number, u.urgency, u.group_matter,
    string_to_array(u.ticket_ids, ' ')::uuid[], u.blown_at
from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::timestamptz[])
    as u (whistle_id, number, urgency, group_matter, ticket_ids, blown_at)
order by u.whistle_id
on conflict (whistle_id) do update set
    number = excluded.number,
    urgency = excluded.urgency,
    group_matter = excluded.group_matter,
    ticket_ids = excluded.ticket_ids,
    blown_at = excluded.blown_at
