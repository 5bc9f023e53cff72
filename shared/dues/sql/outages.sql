-- name: put_outage
insert into outage (outage_id, from_at, to_at, reason, declared_at, place, moved)
values ($1, $2, $3, $4, $5, $6, 0) on conflict do nothing

-- name: next_outage
-- One that is not worked off, locked; another copy looks for another.
select outage_id, from_at, to_at, reason, place, moved from outage
where done_at is null order by declared_at limit 1 for update skip locked

-- name: outage_went_on
update outage set place = $2, moved = moved + $3, done_at = $4 where outage_id = $1
