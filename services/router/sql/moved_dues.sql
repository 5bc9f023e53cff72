-- name: provisional_whistles
-- Whistles with a due time that rests on a year not announced, from above the cursor.
select whistle_id from (
    (
        select distinct a.whistle_id
        from assignment a join whistle w on w.whistle_id = a.whistle_id
        where a.running and a.dues like '%"provisional":true%' and a.whistle_id > $1
            and w.state not in ('closed', 'withdrawn')
        order by a.whistle_id limit $2
    ) union (
        select distinct whistle_id from review
        where state = 'pending' and due like '%"provisional":true%' and whistle_id > $1
        order by whistle_id limit $2
    ) union (
        select distinct whistle_id from owed
        where due like '%"provisional":true%' and whistle_id > $1
        order by whistle_id limit $2
    ) union (
        select distinct whistle_id from merge_question
        where decision is null and due like '%"provisional":true%' and whistle_id > $1
        order by whistle_id limit $2
    )
) as provisional
order by whistle_id limit $2

-- name: whistles_due_within
-- Whistles with a due time between two instants, from above the cursor; one branch for each place
-- where due times stand, each read no further than the batch goes. Of whistles older than $5 only
-- those that run.
select whistle_id from (
    (
        select distinct w.whistle_id from whistle w join assignment a using (whistle_id)
        where w.state in ('open', 'awaiting_acceptance') and w.whistle_id > $1
            and w.whistle_id <= $5 and a.running and exists (
                select from jsonb_each(a.dues::jsonb) as d
                where jsonb_typeof(d.value) = 'object'
                    and (d.value ->> 'by')::timestamptz between $2 and $3
            )
        order by w.whistle_id limit $4
    ) union (
        select distinct a.whistle_id from assignment a
        where a.whistle_id > greatest($1::uuid, $5::uuid) and a.running and exists (
            select from jsonb_each(a.dues::jsonb) as d
            where jsonb_typeof(d.value) = 'object'
                and (d.value ->> 'by')::timestamptz between $2 and $3
        )
        order by a.whistle_id limit $4
    ) union (
        select distinct whistle_id from review
        where state = 'pending' and due_by between $2 and $3 and whistle_id > $1
        order by whistle_id limit $4
    ) union (
        select distinct whistle_id from owed
        where due_by between $2 and $3 and whistle_id > $1
        order by whistle_id limit $4
    ) union (
        select distinct whistle_id from merge_question
        where decision is null and (due::json ->> 'by')::timestamptz between $2 and $3
            and whistle_id > $1
        order by whistle_id limit $4
    )
) as due_within
order by whistle_id limit $4

-- name: owed_of
-- What is owed of these whistles besides their parts' promises; the key tells the row.
select whistle_id, review_id as key, kind, assignment_id, unit, due from review
where state = 'pending' and whistle_id = any($1::uuid[])
union all
select whistle_id, ticket_id, 'merge', null, null, due from merge_question
where decision is null and whistle_id = any($1::uuid[])
union all
select whistle_id, whistle_id, kind, null, unit, due from owed
where whistle_id = any($1::uuid[])
order by whistle_id, kind, key, unit

-- name: move_reviews
update review r set due = n.due, due_by = n.due_by
from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as n (review_id, due, due_by)
where r.review_id = n.review_id

-- name: move_merge_questions
update merge_question m set due = n.due
from unnest($1::uuid[], $2::text[]) as n (ticket_id, due)
where m.ticket_id = n.ticket_id and m.decision is null

-- name: move_owed
update owed o set due = n.due, due_by = n.due_by
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    as n (whistle_id, kind, unit, due, due_by)
where o.whistle_id = n.whistle_id and o.kind = n.kind and o.unit = n.unit

-- name: move_evaluations
-- The same as the console shows it.
update acceptance a set evaluate_by = n.due_by
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    as n (whistle_id, kind, unit, due, due_by)
where a.whistle_id = n.whistle_id and n.kind = 'evaluation'
