-- name: first_uncounted
select heard_at from fact
where place > (select place from figure_position)
order by place limit 1

-- name: brief_of
select made_at, content from brief where day = $1

-- name: keep_brief
-- Two copies may draw it up at once; the first one stays.
insert into brief (day, made_at, content) values ($1, $2, $3) on conflict (day) do nothing

-- name: brief_days
select day from brief where $1::date is null or day < $1 order by day desc limit $2

-- name: day_of_tickets
-- Of a local day, $1 to before $2: what came, what was sent out, what was closed; the canary never.
select
    count(*) filter (where registered_at >= $1 and registered_at < $2) as registered,
    count(*) filter (where dispatched_at >= $1 and dispatched_at < $2) as dispatched,
    count(*) filter (where ended_at >= $1 and ended_at < $2 and ended_how = 'closed') as closed,
    count(*) filter (where registered_at >= $1 and registered_at < $2 and urgency = 'critical')
        as critical
from figure_ticket
where not canary
    and ((registered_at >= $1 and registered_at < $2) or (dispatched_at >= $1 and dispatched_at < $2)
        or (ended_at >= $1 and ended_at < $2))

-- name: standing_marks
-- What stays in sight until it is done.
select
    count(*) filter (where returns >= 2) as returned_twice,
    count(*) filter (where reworks >= 2) as reworked_twice,
    count(*) filter (where suspended_at is not null) as suspended,
    min(suspended_at) as suspended_since,
    count(*) filter (where group_matter) as group_matters
from figure_ticket
where counted and ended_at is null
    and (returns >= 2 or reworks >= 2 or suspended_at is not null or group_matter)

-- name: most_overdue
-- Who has most that is late now.
select unit, count(*) as tickets, min(resolve_fails) as oldest
from figure_part
where counted and relation = 'lead' and resolve_fails < $1
group by unit order by count(*) desc, unit limit $2

-- name: rising_categories
-- Of the day against the mean of the seven before it.
select category,
    count(*) filter (where registered_at >= $2) as today,
    count(*) filter (where registered_at < $2) as week
from figure_ticket
where registered_at >= $1 and registered_at < $3 and not canary and category is not null
group by category
having count(*) filter (where registered_at >= $2) >= 3
    and count(*) filter (where registered_at >= $2) * 7 > 2 * count(*) filter (where registered_at < $2)
order by count(*) filter (where registered_at >= $2) * 7 - count(*) filter (where registered_at < $2)
    desc, category limit $4

-- name: street_whistles
select count(*) filter (where blown_at >= $1 and blown_at < $2) as blown,
    count(*) filter (where accepted_at >= $1 and accepted_at < $2) as accepted,
    count(*) filter (where ended_at is null) as open
from figure_whistle
where ticket_id is null and not canary and level in ('street', 'community')
    and (ended_at is null or blown_at >= $1 or accepted_at >= $1)

-- name: rulings_in_force
select reason, count(*) as tickets from exclusion where ended_at is null group by reason
