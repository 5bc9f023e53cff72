-- What the public reads by Open311, by name: never 举报, never what is confidential.

-- name: published_in_span
-- Newest first; ids begin with the time of registration, so that a span is a range of the key.
select * from ticket
where ticket_id between $1 and $2 and registered_at between $3 and $4
    and not confidential and type <> 'tip_off' and category is not null
    and state not in ('draft', 'voided') and not canary
    and ($5::text[] is null or category = any($5))
    and ($6::boolean is null or (ended_at is not null) = $6)
order by ticket_id desc
limit $7

-- name: published_by_number
select * from ticket
where number = any($1::text[])
    and not confidential and type <> 'tip_off' and category is not null
    and state not in ('draft', 'voided') and not canary
order by ticket_id desc

-- name: published_details
-- What stands in other tables about published tickets: last change, promise, lead, first photo.
select asked.ticket_id,
    (select max(at) from timeline where timeline.ticket_id = asked.ticket_id) as changed_at,
    (
        select due_by from promise
        where promise.ticket_id = asked.ticket_id and owner_id = asked.ticket_id
            and kind = 'citizen' and round = 1
    ) as expected_at,
    (
        select unit from unit_call
        where unit_call.ticket_id = asked.ticket_id and unit_call.whistle_id = asked.whistle_id
            and relation = 'lead' and state not in ('returned', 'released')
        limit 1
    ) as unit,
    (
        select photo_id from photo where photo.ticket_id = asked.ticket_id order by place limit 1
    ) as photo_id
from unnest($1::uuid[], $2::uuid[]) as asked (ticket_id, whistle_id)

-- name: number_of_token
select number from ticket where ticket_id = $1 and channel = 'open311'
