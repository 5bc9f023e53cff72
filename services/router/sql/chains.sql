-- name: heads
select whistle_id, seq, history_hash from whistle where whistle_id = any($1::uuid[])

-- name: without_history
select whistle_id, seq, history_hash from whistle
where not exists (select from history where history.aggregate_id = whistle.whistle_id)
limit $1

-- name: unit_heads
select code, seq, history_hash from unit

-- name: version_heads
select version, seq, history_hash from duty_version

-- name: known_aggregates
select distinct aggregate_id from history where aggregate_id = any($1::uuid[])
