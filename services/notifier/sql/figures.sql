-- The figures are queries over the rows of the read model. Each takes $1 what to group by, $2 and
-- $3 the first and last day of dispatch, $4 a unit, $5 a region's prefix, $6 a category's prefix.

-- name: plan_anew
-- A plan that fits any filter would use none of the indexes.
select set_config('plan_cache_mode', 'force_custom_plan', true)

-- name: of_parts
-- $7 now: a clock that is past has been missed, one that runs is decided for nobody.
with part as (
    select *,
        case $1
            when 'unit' then unit
            when 'street' then street
            when 'district' then left(region, 6)
            when 'community' then case when length(region) >= 12 then left(region, 12) end
            when 'category' then category
            when 'major' then left(category, 2)
            when 'compound' then compound
            when 'day' then day::text
            when 'quarter' then to_char(day, 'YYYY"Q"Q')
            else 'city'
        end as key,
        relation = 'lead' and ticket_id is not null as leads,
        ticket_id is not null as demand,
        relation <> 'informed' and return_ruled is distinct from 'returned' as measured
    from figure_part
    where counted and day between $2 and $3
        and ($4::text is null or unit = $4)
        and ($5::text is null or starts_with(region, $5))
        and ($6::text is null or starts_with(category, $6))
)
select key,
    count(*) filter (where leads and not provisional) as leads,
    count(*) filter (where leads and measured
        and (acknowledge_by is not null or contact_by is not null)) as respond_of,
    count(*) filter (where leads and (respond_kept is not null or respond_fails < $7)) as respond_n,
    count(*) filter (where leads and respond_kept) as respond_kept,
    count(*) filter (where demand and measured and acknowledge_by is not null) as acknowledge_of,
    count(*) filter (where demand and (acknowledge_kept is not null or acknowledge_fails < $7))
        as acknowledge_n,
    count(*) filter (where demand and acknowledge_kept) as acknowledge_kept,
    count(*) filter (where demand and measured and resolve_by is not null) as resolve_of,
    count(*) filter (where demand and (resolve_kept is not null or resolve_fails < $7))
        as resolve_n,
    count(*) filter (where demand and resolve_kept) as resolve_kept,
    count(*) filter (where measured and arrive_by is not null) as arrive_of,
    count(*) filter (where arrive_kept is not null or arrive_fails < $7) as arrive_n,
    count(*) filter (where arrive_kept) as arrive_kept,
    count(*) filter (where leads and not provisional and return_asked_at is not null) as returns,
    count(*) filter (where leads and not provisional and return_ruled is not null) as returns_ruled,
    count(*) filter (where leads and not provisional and return_ruled = 'refused')
        as returns_refused
from part group by key

-- name: of_rounds
with round as (
    select *,
        case $1
            when 'unit' then unit
            when 'street' then street
            when 'district' then left(region, 6)
            when 'community' then case when length(region) >= 12 then left(region, 12) end
            when 'category' then category
            when 'major' then left(category, 2)
            when 'compound' then compound
            when 'day' then day::text
            when 'quarter' then to_char(day, 'YYYY"Q"Q')
            else 'city'
        end as key
    from figure_round
    where counted and day between $2 and $3
        and ($4::text is null or unit = $4)
        and ($5::text is null or starts_with(region, $5))
        and ($6::text is null or starts_with(category, $6))
)
select key,
    count(*) filter (where opened_at is not null or result is not null) as rounds,
    count(*) filter (where attempts > 0 or result is not null) as called,
    count(*) filter (where result is not null) as concluded,
    count(*) filter (where result <> 'unreachable') as answered,
    count(*) filter (where result = 'solved') as solved,
    count(*) filter (where result = 'partly') as partly,
    count(*) filter (where result <> 'unreachable' and satisfaction = 'satisfied') as satisfied,
    count(*) filter (where result <> 'unreachable' and satisfaction = 'basically') as basically,
    count(*) filter (where result <> 'unreachable' and satisfaction = 'unsatisfied')
        as unsatisfied,
    count(*) filter (where reworked) as reworked,
    count(*) filter (where round = 1 and result is not null) as first_concluded,
    count(*) filter (where round = 1 and result <> 'unreachable') as first_answered,
    count(*) filter (where round = 1 and result = 'solved') as first_solved,
    count(*) filter (where result is not null and unit_result = 'solved') as claimed_of,
    count(*) filter (where result <> 'unreachable' and unit_result = 'solved') as claimed,
    count(*) filter (where result = 'unsolved' and unit_result = 'solved') as false_solved
from round group by key

-- name: of_tickets
-- A ticket is its present lead's; whether the first lead was right is known once one took it.
with ticket as (
    select *,
        case $1
            when 'unit' then unit
            when 'street' then street
            when 'district' then left(region, 6)
            when 'community' then case when length(region) >= 12 then left(region, 12) end
            when 'category' then category
            when 'major' then left(category, 2)
            when 'compound' then compound
            when 'day' then day::text
            when 'quarter' then to_char(day, 'YYYY"Q"Q')
            else 'city'
        end as key
    from figure_ticket
    where counted and day between $2 and $3
        and ($4::text is null or unit = $4)
        and ($5::text is null or starts_with(region, $5))
        and ($6::text is null or starts_with(category, $6))
)
select key, count(*) as tickets, sum(hops)::bigint as hops,
    count(first_stood) as stood_n, count(*) filter (where first_stood) as stood
from ticket group by key

-- name: left_out
-- What is dispatched and yet counts in no figure, and why.
with ticket as (
    select case
            when excluded is not null then excluded
            when merged_into is not null then 'merged'
            when withdrawn then 'withdrawn'
            else 'voided'
        end as reason,
        case $1
            when 'unit' then unit
            when 'street' then street
            when 'district' then left(region, 6)
            when 'community' then case when length(region) >= 12 then left(region, 12) end
            when 'category' then category
            when 'major' then left(category, 2)
            when 'compound' then compound
            when 'day' then day::text
            when 'quarter' then to_char(day, 'YYYY"Q"Q')
            else 'city'
        end as key
    from figure_ticket
    where not counted and not canary and day between $2 and $3
        and ($4::text is null or unit = $4)
        and ($5::text is null or starts_with(region, $5))
        and ($6::text is null or starts_with(category, $6))
)
select key, reason, count(*) as tickets from ticket group by key, reason

-- name: of_whistles
-- Those of streets and communities; a whistle of a ticket that the router dispatched is none.
with whistle as (
    select *,
        case $1
            when 'unit' then blower
            when 'street' then street
            when 'district' then left(region, 6)
            when 'community' then case when length(region) >= 12 then left(region, 12) end
            when 'category' then category
            when 'major' then left(category, 2)
            when 'compound' then compound
            when 'day' then day::text
            when 'quarter' then to_char(day, 'YYYY"Q"Q')
            else 'city'
        end as key
    from figure_whistle
    where counted and ticket_id is null and level in ('street', 'community')
        and day between $2 and $3
        and ($4::text is null or blower = $4)
        and ($5::text is null or starts_with(region, $5))
        and ($6::text is null or starts_with(category, $6))
)
select key, count(*) as whistles,
    count(*) filter (where kind <> 'citizen_demand') as accepted_of,
    count(first_accepted) as accepted_n,
    count(*) filter (where first_accepted) as accepted_first
from whistle group by key

-- name: of_marks
-- The classes of one whistle together: community 60 %, street 40 %, alone each as it is.
with mark as (
    select whistle_id, unit, max(weight) as weight,
        case $1
            when 'unit' then unit
            when 'street' then street
            when 'district' then left(region, 6)
            when 'community' then case when length(region) >= 12 then left(region, 12) end
            when 'category' then category
            when 'major' then left(category, 2)
            when 'compound' then null
            when 'day' then day::text
            when 'quarter' then to_char(day, 'YYYY"Q"Q')
            else 'city'
        end as key,
        max(timely + present + effect + cooperation) filter (where evaluator_class = 'community')
            as community,
        max(timely + present + effect + cooperation) filter (where evaluator_class <> 'community')
            as street
    from figure_mark
    where counted and day between $2 and $3
        and ($4::text is null or unit = $4)
        and ($5::text is null or starts_with(region, $5))
        and ($6::text is null or starts_with(category, $6))
    group by whistle_id, unit, key
)
select key, count(*) as marked,
    sum(weight * case
        when community is not null and street is not null then 60 * community + 40 * street
        else 100 * coalesce(community, street)
    end)::bigint as mark_points,
    sum(weight)::bigint as mark_weight
from mark group by key

-- name: of_overdue
-- What is late now, by age, whenever it was dispatched.
with part as (
    select $7 - resolve_fails as age,
        case $1
            when 'unit' then unit
            when 'street' then street
            when 'district' then left(region, 6)
            when 'community' then case when length(region) >= 12 then left(region, 12) end
            when 'category' then category
            when 'major' then left(category, 2)
            when 'compound' then compound
            when 'day' then day::text
            when 'quarter' then to_char(day, 'YYYY"Q"Q')
            else 'city'
        end as key
    from figure_part
    where counted and relation = 'lead' and resolve_fails < $7 and day between $2 and $3
        and ($4::text is null or unit = $4)
        and ($5::text is null or starts_with(region, $5))
        and ($6::text is null or starts_with(category, $6))
)
select key, count(*) as tickets, case
        when age <= interval '1 day' then 'to_1_day'
        when age <= interval '3 days' then 'to_3_days'
        when age <= interval '7 days' then 'to_7_days'
        when age <= interval '15 days' then 'to_15_days'
        when age <= interval '30 days' then 'to_30_days'
        else 'longer'
    end as bucket
from part group by key, bucket

-- name: behind_parts
-- The parts behind a figure ($7), newest first; `kept` says which side each is on, $8 which is
-- wanted. In these the filters are $1 to $5.
with part as (
    select p.*, p.relation = 'lead' and p.ticket_id is not null as leads,
        p.ticket_id is not null as demand
    from figure_part p
    where p.counted and day between $1 and $2
        and ($3::text is null or unit = $3)
        and ($4::text is null or starts_with(region, $4))
        and ($5::text is null or starts_with(category, $5))
), found as (
    select *, coalesce(case $7
            when 'response' then respond_kept
            when 'acknowledged_in_time' then acknowledge_kept
            when 'resolved_in_time' then resolve_kept
            when 'arrival_rate' then arrive_kept
            when 'return_rate' then return_asked_at is not null
            else return_ruled = 'refused'
        end, false) as kept
    from part
    where case $7
        when 'response' then leads and (respond_kept is not null or respond_fails < $6)
        when 'acknowledged_in_time'
            then demand and (acknowledge_kept is not null or acknowledge_fails < $6)
        when 'resolved_in_time' then demand and (resolve_kept is not null or resolve_fails < $6)
        when 'arrival_rate' then arrive_kept is not null or arrive_fails < $6
        when 'return_rate' then leads and not provisional
        else leads and not provisional and return_ruled is not null
    end
)
select f.ticket_id, t.number, f.whistle_id, f.round, f.unit, f.day, f.kept,
    f.assignment_id as row_id
from found f left join figure_ticket t on t.ticket_id = f.ticket_id
where ($8::boolean is null or f.kept = $8)
    and ($9::date is null or (f.day, f.assignment_id) < ($9::date, $10::uuid))
order by f.day desc, f.assignment_id desc limit $11

-- name: behind_rounds
with found as (
    select r.*, r.result <> 'unreachable' as answered
    from figure_round r
    where r.counted and day between $1 and $2
        and ($3::text is null or unit = $3)
        and ($4::text is null or starts_with(region, $4))
        and ($5::text is null or starts_with(category, $5))
), sided as (
    select *, coalesce(case $6
            when 'resolution' then result in ('solved', 'partly')
            when 'satisfaction' then satisfaction in ('satisfied', 'basically')
            when 'rework_rate' then reworked
            when 'callback_rate' then attempts > 0 or result is not null
            when 'callback_reach' then answered
            when 'solved_in_round_1' then result = 'solved'
            else result = 'unsolved'
        end, false) as kept
    from found
    where case $6
        when 'resolution' then answered
        when 'satisfaction'
            then answered and satisfaction in ('satisfied', 'basically', 'unsatisfied')
        when 'rework_rate' then result is not null
        when 'callback_rate' then opened_at is not null or result is not null
        when 'callback_reach' then result is not null
        when 'solved_in_round_1' then answered and round = 1
        else answered and unit_result = 'solved'
    end
)
select s.ticket_id, t.number, s.whistle_id, s.round, s.unit, s.day, s.kept, s.ticket_id as row_id
from sided s join figure_ticket t on t.ticket_id = s.ticket_id
where ($7::boolean is null or s.kept = $7)
    and ($8::date is null or (s.day, s.ticket_id, s.round) < ($8::date, $9::uuid, $10::int))
order by s.day desc, s.ticket_id desc, s.round desc limit $11

-- name: behind_tickets
with found as (
    select *, case $6
            when 'dispatch_accuracy' then coalesce(first_stood, false)
            when 'hops' then hops > 0
            when 'left_out' then false
            else true
        end as kept
    from figure_ticket
    where day between $1 and $2
        and ($3::text is null or unit = $3)
        and ($4::text is null or starts_with(region, $4))
        and ($5::text is null or starts_with(category, $5)) and case $6
        when 'dispatch_accuracy' then counted and first_stood is not null
        when 'left_out' then not counted and not canary
        else counted
    end
)
select ticket_id, number, null::uuid as whistle_id, round, unit, day, kept, ticket_id as row_id
from found
where ($7::boolean is null or kept = $7)
    and ($8::date is null or (day, ticket_id) < ($8::date, $9::uuid))
order by day desc, ticket_id desc limit $10

-- name: behind_whistles
with found as (
    select *, coalesce(case $6
            when 'first_acceptance_rate' then first_accepted
            else true
        end, false) as kept
    from figure_whistle
    where counted and ticket_id is null and level in ('street', 'community')
        and day between $1 and $2
        and ($3::text is null or blower = $3)
        and ($4::text is null or starts_with(region, $4))
        and ($5::text is null or starts_with(category, $5))
        and case $6 when 'first_acceptance_rate' then first_accepted is not null else true end
)
select null::uuid as ticket_id, number, whistle_id, round, blower as unit, day, kept,
    whistle_id as row_id
from found
where ($7::boolean is null or kept = $7)
    and ($8::date is null or (day, whistle_id) < ($8::date, $9::uuid))
order by day desc, whistle_id desc limit $10

-- name: behind_marks
-- Whistle by whistle; of one that rated several units, the first is named.
with found as (
    select w.whistle_id, w.number, w.round, min(m.unit) as unit, m.day, true as kept
    from figure_mark m join figure_whistle w on w.whistle_id = m.whistle_id
    where m.counted and m.day between $1 and $2
        and ($3::text is null or m.unit = $3)
        and ($4::text is null or starts_with(m.region, $4))
        and ($5::text is null or starts_with(m.category, $5))
    group by w.whistle_id, w.number, w.round, m.day
)
select null::uuid as ticket_id, number, whistle_id, round, unit, day, kept, whistle_id as row_id
from found
where ($6::boolean is null or kept = $6)
    and ($7::date is null or (day, whistle_id) < ($7::date, $8::uuid))
order by day desc, whistle_id desc limit $9

-- name: units
select code, name, kind, level, region from figure_unit
