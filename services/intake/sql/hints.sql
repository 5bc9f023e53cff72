-- What hints read and learn. Times are parameters; nothing here asks for the clock.

-- name: near_compound
-- Open requests of a compound, newest first, from the ticket_id on; merged ones stand in their
-- parent's count.
select ticket_id, number, state, type, category, title, summary, region, compound, lat, lon,
    confidential, registered_at
from ticket
where compound = $1 and ticket_id >= $2 and ended_at is null and state <> 'merged'
order by ticket_id desc
limit $3

-- name: near_point
select ticket_id, number, state, type, category, title, summary, region, compound, lat, lon,
    confidential, registered_at
from ticket
where lat between $4 and $5 and lon between $6 and $7 and ticket_id >= $2
    and ended_at is null and state <> 'merged' and ($1::text is null or category = $1)
order by ticket_id desc
limit $3

-- name: near_community
select ticket_id, number, state, type, category, title, summary, region, compound, lat, lon,
    confidential, registered_at
from ticket
where left(region, 12) = $1 and length(region) >= 12 and category = $4 and ticket_id >= $2
    and ended_at is null and state <> 'merged'
order by ticket_id desc
limit $3

-- name: joined
-- How many requests follow each of these.
select parent_id, count(*)::int as joined from ticket_merge
where parent_id = any($1::uuid[]) and ended_at is null
group by parent_id

-- name: near_many
-- For each new request the newest open ones of its category in its compound.
select asked.place, found.ticket_id, found.summary
from unnest($1::int[], $2::text[], $3::text[]) as asked (place, compound, category)
cross join lateral (
    select ticket_id, summary from ticket
    where ticket.compound = asked.compound and ticket.category = asked.category
        and ticket_id >= $4 and ended_at is null and state <> 'merged'
        and not confidential and type <> 'tip_off'
    order by ticket_id desc
    limit $5
) as found

-- name: groups
-- Open tickets, not flagged yet, of a category and a place that many different callers told in the
-- window from $2 on; only where somebody asked since $1. A place is the compound, else the
-- community.
with touched as (
    select distinct category, compound, left(region, 12) as community
    from ticket
    where ticket_id >= $1 and category is not null and ended_at is null
        and (compound is not null or length(region) >= 12)
), members as (
    select ticket.ticket_id, ticket.category, ticket.compound as place, ticket.state,
        ticket.group_matter
    from (select distinct category, compound from touched where compound is not null) as of_compound
    join ticket on ticket.compound = of_compound.compound
        and ticket.category = of_compound.category
        and ticket.ended_at is null and ticket.ticket_id >= $2
    union all
    select ticket.ticket_id, ticket.category, left(ticket.region, 12), ticket.state,
        ticket.group_matter
    from (select distinct category, community from touched where compound is null) as of_community
    join ticket on left(ticket.region, 12) = of_community.community
        and length(ticket.region) >= 12
        and ticket.category = of_community.category
        and ticket.ended_at is null and ticket.ticket_id >= $2
        and ticket.compound is null
), crowded as (
    select members.category, members.place, count(distinct vault.phone_index)::int as callers
    from members join vault using (ticket_id)
    where vault.phone_index is not null
    group by members.category, members.place
    having count(distinct vault.phone_index) >= $3
)
select members.ticket_id, crowded.callers
from members join crowded using (category, place)
where not members.group_matter and members.state <> 'merged'
order by members.ticket_id
limit $4

-- name: mark_groups
update ticket set group_matter = true where ticket_id = any($1::uuid[])

-- name: take_learning
-- One process learns at a time; another one passes by.
select ticket_id from learned_up_to for update skip locked

-- name: confirmed
-- What the desk registered after $1 and before $2 with a category; the teacher is who registered.
select ticket.ticket_id, ticket.category, ticket.title, ticket.summary, ticket.registered_at,
    ticket.channel = 'hotline' and not ticket.confidential and ticket.category is not null
        and history.role in ('operator', 'shift_lead') as teaches,
    coalesce(history.actor_name, '') as teacher
from ticket
join history on history.aggregate_id = ticket.ticket_id and history.seq = 1
where ticket.ticket_id > $1 and ticket.ticket_id < $2 and not ticket.canary
order by ticket.ticket_id
limit $3

-- name: count_teaching
-- How many texts this teacher has taught for the category that day, this one included.
insert into learned_from (day, teacher, category, texts) values ($1, $2, $3, 1)
on conflict (day, teacher, category) do update set texts = learned_from.texts + 1
returning texts

-- name: forget_teaching
delete from learned_from where day < $1

-- name: learn_categories
-- What was known fades by half every $4 seconds before the new is added.
insert into learned_category (category, texts, at)
select category, texts, $3 from unnest($1::text[], $2::float8[]) as given (category, texts)
order by category
on conflict (category) do update set
    texts = learned_category.texts
        * power(0.5, greatest(0, extract(epoch from excluded.at - learned_category.at)) / $4)
        + excluded.texts,
    at = excluded.at

-- name: learn_words
insert into learned_word (word, category, texts, at)
select word, category, texts, $4
from unnest($1::text[], $2::text[], $3::float8[]) as given (word, category, texts)
order by word, category
on conflict (word, category) do update set
    texts = learned_word.texts
        * power(0.5, greatest(0, extract(epoch from excluded.at - learned_word.at)) / $5)
        + excluded.texts,
    at = excluded.at

-- name: learned_up_to
select ticket_id from learned_up_to

-- name: set_learned_up_to
update learned_up_to set ticket_id = $1

-- name: learned_categories
select category,
    texts * power(0.5, greatest(0, extract(epoch from $1::timestamptz - at)) / $2) as texts
from learned_category

-- name: learned_words
select word, category,
    texts * power(0.5, greatest(0, extract(epoch from $1::timestamptz - at)) / $2) as texts
from learned_word
