-- name: last_place
-- Read before the snapshot below: whoever took a place by now has a transaction id that it shows.
select case when is_called then last_value else 0 end from fact_place

-- name: oldest_writer
-- Transactions below `xmin` have all ended; from `next` on none had begun.
select pg_snapshot_xmin(shot)::text as xmin, pg_snapshot_xmax(shot)::text as next
from pg_current_snapshot() shot

-- name: facts_after
select place, topic, type, subject, seq, at, event::text as event from fact
where place > $1 and place <= $2 and type = any($3::text[])
order by place limit $4

-- name: facts_of_subjects
-- Everything heard of these, for one whose facts came out of order.
select place, topic, type, subject, seq, at, event::text as event from fact
where subject = any($1::text[]) and place <= $2 and type = any($3::text[])
order by subject, seq, place
