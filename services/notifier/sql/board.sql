-- What the supervision board shows. A matter is what one unit owes on one whistle, or on a ticket
-- that no unit has: several promises, of which the one due longest ago counts. `$1` leaves out the
-- kinds that nobody owes by themselves; the filters that are null let all pass.

-- name: board_units
-- Every open matter by unit: how many, due soon, overdue by age, paused.
with matter as (
    select d.unit, coalesce(d.whistle_id, d.ticket_id) as subject,
        min(d.due_by) filter (where d.state = 'missed' and d.paused_at is null) as late_since,
        min(d.due_by) filter (where d.state = 'running') as next_due,
        bool_or(d.paused_at is not null) as paused
    from deadline d
    where d.ended_at is null and not d.canary and d.kind <> all($1::text[])
        and ($2::text is null or d.unit = $2)
        and ($3::text is null or d.kind = $3)
        and ($4::text is null or d.urgency = $4)
        and ($5::text is null or d.unit = $6 or exists (
                select from figure_whistle w
                where w.whistle_id = d.whistle_id and w.region like $5 || '%')
            or (d.whistle_id is null and exists (
                select from figure_ticket t
                where t.ticket_id = d.ticket_id and t.region like $5 || '%')))
    group by d.unit, subject
)
select unit,
    count(*) as open,
    count(*) filter (where late_since is null and next_due <= $7) as soon,
    count(*) filter (where late_since > $8) as late_1,
    count(*) filter (where late_since <= $8 and late_since > $9) as late_2,
    count(*) filter (where late_since <= $9 and late_since > $10) as late_3,
    count(*) filter (where late_since <= $10) as late_4,
    count(*) filter (where paused and late_since is null) as paused,
    min(late_since) as oldest
from matter group by unit

-- name: board_overdue
-- The overdue matters, the oldest first. A matter is listed once, by the promise that stands for
-- it: what runs before what is paused, what is overdue before what is not, then what is due first.
select d.* from deadline d
where d.state = 'missed' and d.ended_at is null and d.paused_at is null and not d.canary
    and d.kind <> all($1::text[])
    and ($2::text is null or d.unit = $2)
    and ($3::text is null or d.kind = $3)
    and ($4::text is null or d.urgency = $4)
    and ($5::text is null or d.unit = $6 or exists (
            select from figure_whistle w
            where w.whistle_id = d.whistle_id and w.region like $5 || '%')
        or (d.whistle_id is null and exists (
            select from figure_ticket t
            where t.ticket_id = d.ticket_id and t.region like $5 || '%')))
    and ($7::timestamptz is null or d.due_by <= $7) and ($8::timestamptz is null or d.due_by > $8)
    and ($9::boolean is not true or d.unit is null)
    and (d.due_by, d.deadline_id) > ($10::timestamptz, $11::uuid)
    and not exists (
        select from deadline o
        where (o.whistle_id = d.whistle_id
                or (d.whistle_id is null and o.whistle_id is null and o.ticket_id = d.ticket_id))
            and o.unit is not distinct from d.unit and o.ended_at is null and not o.canary
            and o.kind <> all($1::text[]) and ($3::text is null or o.kind = $3)
            and ($4::text is null or o.urgency = $4)
            and (o.paused_at is not null, o.state <> 'missed', o.due_by, o.deadline_id)
                < (d.paused_at is not null, d.state <> 'missed', d.due_by, d.deadline_id))
order by d.due_by, d.deadline_id limit $12

-- name: board_matters
-- As above, the matters for which a promise of another state stands, or a paused one.
select d.* from deadline d
where d.state = $13 and d.ended_at is null and (d.paused_at is not null) = $14 and not d.canary
    and d.kind <> all($1::text[])
    and ($2::text is null or d.unit = $2)
    and ($3::text is null or d.kind = $3)
    and ($4::text is null or d.urgency = $4)
    and ($5::text is null or d.unit = $6 or exists (
            select from figure_whistle w
            where w.whistle_id = d.whistle_id and w.region like $5 || '%')
        or (d.whistle_id is null and exists (
            select from figure_ticket t
            where t.ticket_id = d.ticket_id and t.region like $5 || '%')))
    and ($7::timestamptz is null or d.due_by <= $7) and ($8::timestamptz is null or d.due_by > $8)
    and ($9::boolean is not true or d.unit is null)
    and (d.due_by, d.deadline_id) > ($10::timestamptz, $11::uuid)
    and not exists (
        select from deadline o
        where (o.whistle_id = d.whistle_id
                or (d.whistle_id is null and o.whistle_id is null and o.ticket_id = d.ticket_id))
            and o.unit is not distinct from d.unit and o.ended_at is null and not o.canary
            and o.kind <> all($1::text[]) and ($3::text is null or o.kind = $3)
            and ($4::text is null or o.urgency = $4)
            and (o.paused_at is not null, o.state <> 'missed', o.due_by, o.deadline_id)
                < (d.paused_at is not null, d.state <> 'missed', d.due_by, d.deadline_id))
order by d.due_by, d.deadline_id limit $12

-- name: board_marks
-- How many open tickets went back twice, were reworked twice, or are suspended.
select
    count(*) filter (where returns >= 2) as returned,
    count(*) filter (where reworks >= 2) as reworked,
    count(*) filter (where suspended_at is not null) as suspended,
    min(suspended_at) as suspended_since
from figure_ticket t
where (returns >= 2 or reworks >= 1 or suspended_at is not null)
    and ended_at is null and merged_into is null and not canary
    and ($1::text is null or unit = $1)
    and ($2::text is null or unit = $3 or region like $2 || '%')

-- name: board_tickets
-- Those tickets, the gravest first; of a suspended one when it is looked at again.
select t.ticket_id, t.number, t.category, t.region, t.unit, t.registered_at, t.round, t.reworks,
    t.returns, t.suspended_at, t.confidential, t.grave, t.since, (
        select min(d.due_by) from deadline d
        where d.ticket_id = t.ticket_id and d.kind = 'suspension' and d.ended_at is null
    ) as review_by
from (
    select ticket_id, number, category, region, unit, registered_at, round, reworks, returns,
        suspended_at, confidential,
        case $1 when 'returned' then -returns when 'reworked' then -reworks else 0 end as grave,
        coalesce(suspended_at, registered_at, '1970-01-01') as since
    from figure_ticket
    where (($1 = 'returned' and returns >= 2) or ($1 = 'reworked' and reworks >= 2)
            or ($1 = 'suspended' and suspended_at is not null))
        and ended_at is null and merged_into is null and not canary
        and ($2::text is null or unit = $2)
        and ($3::text is null or unit = $4 or region like $3 || '%')
) t
where $5::int is null or (grave, since, ticket_id) > ($5::int, $6::timestamptz, $7::uuid)
order by grave, since, ticket_id limit $8

-- name: board_unanswered
-- Supervised and not answered: how many, how many beyond their time, and since when.
select count(*) as open,
    count(*) filter (where (answer_by ->> 'by')::timestamptz < $3) as late,
    min(asked_at) as since
from supervision s
where answered_at is null and ended_at is null and not canary
    and ($1::text is null or unit = $1)
    and ($2::text is null or exists (
        select from figure_whistle w
        where w.whistle_id = s.whistle_id and w.region like $2 || '%'))

-- name: board_whistles
-- Units called to open whistles, by kind and by how far each has come.
select p.kind,
    count(distinct p.whistle_id) as whistles,
    count(*) filter (where p.resolved_at is null and p.acknowledged_at is null) as sent,
    count(*) filter (
        where p.resolved_at is null and p.acknowledged_at is not null and p.arrived_at is null
    ) as acknowledged,
    count(*) filter (where p.resolved_at is null and p.arrived_at is not null) as on_site,
    count(*) filter (where p.resolved_at is not null) as done,
    count(*) filter (where p.resolved_at is null and least(
        p.acknowledge_fails, p.respond_fails, p.arrive_fails, p.resolve_fails) < $3) as late
from figure_part p join figure_whistle w using (whistle_id)
where p.ended_at is null and w.ended_at is null and not w.canary and p.relation <> 'informed'
    and ($1::text is null or p.unit = $1)
    and ($2::text is null or w.region like $2 || '%')
group by p.kind

-- name: board_categories
-- Tickets by category: of the last day, of the last week, and of the time before each.
select category,
    count(*) filter (where registered_at > $2) as day,
    count(*) filter (where registered_at > $3) as week,
    count(*) filter (where registered_at <= $2) as before_day,
    count(*) filter (where registered_at <= $3) as before_week,
    min(min(registered_at)) over () as since
from figure_ticket
where registered_at > $4 and registered_at <= $1 and not canary and category is not null
    and ($5::text is null or region like $5 || '%')
group by category

-- name: board_heard
-- The last fact that was heard, and how far the figures are behind it.
select
    (select at from fact order by place desc limit 1) as at,
    (select heard_at from fact order by place desc limit 1) as heard_at,
    (select coalesce(max(place), 0) from fact) - (select place from figure_position) as behind,
    (select count(*) from dead_letter where replayed_at is null) as dead,
    (select count(*) from parked) as parked

-- name: board_matters_of
-- What whistles and tickets are about, as their last fact that says so has it.
select distinct on (subject) subject,
    event -> 'data' ->> 'title' as title,
    event -> 'data' ->> 'category' as category,
    event -> 'data' ->> 'kind' as kind,
    event -> 'data' -> 'place' ->> 'region' as region,
    (event -> 'data' ->> 'confidential')::boolean as confidential
from fact
where subject = any($1::text[]) and type = any($2::text[])
order by subject, seq desc

-- name: all_heard
-- Whether all of these facts of a topic have been acted on.
select count(*) = cardinality($2::text[]) from inbox where topic = $1 and event_id = any($2::text[])

-- name: unit_names
select code, name from figure_unit
