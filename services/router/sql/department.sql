-- Keys of departments and what their pushed reports were answered. Times are parameters.

-- name: add_key
insert into department_key (key_id, unit, prefix, key_hash, created_at, created_by)
values ($1, $2, $3, $4, $5, $6)

-- name: keys_of
select * from department_key where $1::text is null or unit = $1 order by unit, key_id

-- name: revoke_key
update department_key set revoked_at = $2 where key_id = $1 and revoked_at is null
returning key_id

-- name: key_of_hash
select * from department_key where key_hash = $1 and revoked_at is null

-- name: key_used
-- Once a day and key; a day is told, no more.
update department_key set last_used = $2 where key_id = $1 and last_used is distinct from $2

-- name: keep_answers
insert into pushed_report (unit, event_id, answer, received_at)
select unit, event_id, answer, $4
from unnest($1::text[], $2::text[], $3::text[]) as given (unit, event_id, answer)
order by unit, event_id
on conflict do nothing

-- name: answers
select unit, event_id, answer from pushed_report
where (unit, event_id) in (select * from unnest($1::text[], $2::text[]))

-- name: forget_answers
delete from pushed_report
where ctid in (select ctid from pushed_report where received_at < $1 limit $2)
