-- name: noted
-- A round takes each of its times once; it is complete when it has them all.
insert into canary_round as r (ticket_id, whistle_id, registered_at, blown_at, acknowledged_at,
    withdrawn_at, ended_at, heard_at)
select u.ticket_id, u.whistle_id, u.registered_at, u.blown_at, u.acknowledged_at, u.withdrawn_at,
    u.ended_at, $8
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[],
    $6::timestamptz[], $7::timestamptz[])
    as u (ticket_id, whistle_id, registered_at, blown_at, acknowledged_at, withdrawn_at, ended_at)
order by u.ticket_id
on conflict (ticket_id) do update set
    whistle_id = coalesce(r.whistle_id, excluded.whistle_id),
    registered_at = coalesce(r.registered_at, excluded.registered_at),
    blown_at = coalesce(r.blown_at, excluded.blown_at),
    acknowledged_at = coalesce(r.acknowledged_at, excluded.acknowledged_at),
    withdrawn_at = coalesce(r.withdrawn_at, excluded.withdrawn_at),
    ended_at = coalesce(r.ended_at, excluded.ended_at),
    heard_at = excluded.heard_at

-- name: completed
-- Those that have just become complete.
update canary_round set completed_at = $2
where ticket_id = any($1::uuid[]) and completed_at is null and registered_at is not null
    and blown_at is not null and acknowledged_at is not null and withdrawn_at is not null
    and ended_at is not null
returning *

-- name: last_ok
select max(completed_at) from canary_round where completed_at is not null

-- name: latest
select * from canary_round order by heard_at desc limit $1

-- name: unfinished
-- Registered, not over, and silent since then; over it is, too, when it ended out of turn.
select * from canary_round
where completed_at is null and withdrawn_at is null and registered_at is not null
    and heard_at < $1
order by heard_at limit $2

-- name: forget_rounds
delete from canary_round where heard_at < $1
