-- name: lock_ticket
-- Rulings on one ticket come one after another.
select pg_advisory_xact_lock(hashtext('exclusion'), hashtext($1::uuid::text))

-- name: ticket_counted
-- What the figures know of it; the canary is in none.
select number, unit, day from figure_ticket where ticket_id = $1 and not canary

-- name: last_ruling
select coalesce(max(greatest(seq, coalesce(ended_seq, 0))), 0) from exclusion where ticket_id = $1

-- name: in_force
select * from exclusion where ticket_id = $1 and ended_at is null

-- name: exclusion_locked
select * from exclusion where exclusion_id = $1 for update

-- name: add_exclusion
insert into exclusion
    (exclusion_id, ticket_id, reason, words, ruled_by, ruled_at, seq, history_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: end_exclusion
update exclusion
set ended_at = $2, ended_words = $3, ended_by = $4, ended_seq = $5, history_hash = $6
where exclusion_id = $1

-- name: list_exclusions
-- Newest first; what is null lets all pass. The cursor is the last row's place.
select e.*, t.number, t.unit, t.region, t.day
from exclusion e left join figure_ticket t on t.ticket_id = e.ticket_id
where ($1::uuid is null or e.ticket_id = $1)
    and ($2::boolean is null or (e.ended_at is null) = $2)
    and ($3::text is null or e.reason = $3)
    and ($4::text is null or t.unit = $4)
    and ($5::text is null or starts_with(t.region, $5))
    and ($6::timestamptz is null or (e.ruled_at, e.exclusion_id) < ($6::timestamptz, $7::uuid))
order by e.ruled_at desc, e.exclusion_id desc limit $8
