-- name: ensure_fact_month
-- True when the month's partition was there already.
select ensure_fact_month($1, $2)
