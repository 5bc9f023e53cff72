-- name: lock_beat
-- The row all copies of the watch beat on, one after the other.
select at, wall from watch_beat for update

-- name: first_beat
insert into watch_beat (only_one, at, wall) values (true, $1, $2) on conflict do nothing

-- name: beat
update watch_beat set at = $1, wall = $2

-- name: last_beat
select at, wall from watch_beat

-- name: add_watch_gap
insert into watch_gap (gap_id, from_at, to_at, found_wall, why, seq, history_hash)
values ($1, $2, $3, $4, $5, 1, $6)

-- name: open_gaps
select gap_id, from_at, to_at, found_wall, why, seq, history_hash
from watch_gap where released_at is null order by found_wall, gap_id

-- name: lock_open_gaps
select gap_id, from_at, to_at, found_wall, why, seq, history_hash
from watch_gap where released_at is null order by found_wall, gap_id for update

-- name: release_gaps
update watch_gap g set released_at = $2, released_by = $3, seq = g.seq + 1, history_hash = u.hash
from unnest($1::uuid[], $4::bytea[]) as u (gap_id, hash)
where g.gap_id = u.gap_id
