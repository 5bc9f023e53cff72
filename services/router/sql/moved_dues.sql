-- name: provisional_whistles
-- Whistles with a due time that rests on a year not announced, from above the cursor.
select distinct a.whistle_id
from assignment a join whistle w on w.whistle_id = a.whistle_id
where a.running and a.dues like '%"provisional":true%' and a.whistle_id > $1
    and w.state not in ('closed', 'withdrawn')
order by a.whistle_id limit $2

-- name: whistles_due_within
-- Whistles with a due time between two instants, from above the cursor.
select distinct a.whistle_id from assignment a
where a.whistle_id > $1 and a.running and exists (
    select from jsonb_each(a.dues::jsonb) as d
    where jsonb_typeof(d.value) = 'object'
        and (d.value ->> 'by')::timestamptz between $2 and $3
)
order by a.whistle_id limit $4
