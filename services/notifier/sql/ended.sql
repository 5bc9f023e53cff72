-- name: ensure_ended_month
-- True when the month's partition was there already.
select ensure_ended_month($1, $2)

-- name: drop_ended_months
select drop_ended_months($1)

-- name: first_ended
-- The end of the one that ended first, of those that are to leave.
select ended_at from deadline
where ended_at is not null and ended_at < $1
order by ended_at limit 1

-- name: put_away
-- A batch of one month; rows that a fact holds are passed over, as it may want them running.
with leaving as (
    select deadline_id from deadline
    where ended_at is not null and ended_at < $1
    order by ended_at limit $2
    for update skip locked
), gone as (
    delete from deadline d using leaving where d.deadline_id = leaving.deadline_id returning d.*
)
insert into deadline_ended select * from gone

-- name: bring_back
-- What a late fact is about is where running ones are again.
with gone as (
    delete from deadline_ended where deadline_id = any($1::uuid[]) returning *
)
insert into deadline select * from gone returning *

-- name: bring_back_since
-- As above, of what ended since then: the months before are not looked into.
with gone as (
    delete from deadline_ended where deadline_id = any($1::uuid[]) and ended_at >= $2 returning *
)
insert into deadline select * from gone returning *
