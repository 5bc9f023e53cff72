-- name: aggregates_after
-- Which have a history, in the order of their ids; with $2 those that got a row since then.
select distinct aggregate_id from history
where aggregate_id > $1 and ($2::timestamptz is null or at >= $2)
order by aggregate_id
limit $3

-- name: rows_of
-- Columns in the order in which they are hashed, then both hashes.
select aggregate_id, seq, at, what, role, unit, actor_name, on_behalf_of, before, after, policy,
    previous_hash, hash
from history
where aggregate_id = any($1::uuid[])
order by aggregate_id, seq
