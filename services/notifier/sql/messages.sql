-- name: write_messages
-- What was written before is written no more; in the order of the ids, so that two transactions
-- with the same message never wait for each other in a ring.
insert into message (
    message_id, person_id, post, seat_post, seat_place, occasion, about, number, unit, urgency,
    kind, rung, level, due_by, deadline_id, term, count, at, way, state, send_at, repeats, told
)
select u.*, 0 from unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::int[],
    $14::timestamptz[], $15::uuid[], $16::int[], $17::int[], $18::timestamptz[], $19::text[],
    $20::text[], $21::timestamptz[], $22::int[]
) as u (
    message_id, person_id, post, seat_post, seat_place, occasion, about, number, unit, urgency,
    kind, rung, level, due_by, deadline_id, term, count, at, way, state, send_at, repeats
)
order by u.message_id
on conflict (message_id) do nothing

-- name: next_send_at
select min(send_at) from message where state = 'waiting'

-- name: claim_receivers
-- The persons with something due, who has waited longest first; one that another copy is telling
-- is passed over. Each is asked for by one step in the index, however much waits for the others.
select p.person_id, p.name, p.channels
from duty_person p cross join lateral (
    select m.send_at from message m
    where m.person_id = p.person_id and m.state = 'waiting' and m.send_at <= $1
    order by m.send_at limit 1
) as first
order by first.send_at, p.person_id limit $2
for update of p skip locked

-- name: waiting_of
-- What waits for these persons, at most so much for each, the oldest first; whether the promise
-- is still owed as it was, and whether the unit has acknowledged.
select m.*, m.deadline_id is not null and (
        d.deadline_id is null or d.ended_at is not null or d.paused_at is not null
        or coalesce(d.term <> m.term, false)
    ) as moot,
    not exists (
        select from deadline a
        where a.whistle_id = d.whistle_id and a.assignment_id = d.assignment_id
            and a.kind = 'acknowledge' and a.ended_at is null
    ) as acknowledged
from unnest($1::uuid[]) as asked (person_id)
cross join lateral (
    select * from message
    where message.person_id = asked.person_id and state = 'waiting'
    order by send_at limit $2
) as m
left join deadline d on d.deadline_id = m.deadline_id

-- name: told_of
-- The categories of what messages are about, whistles and tickets; not of a ticket that is
-- confidential, or might be, as it was not heard of yet.
select a.about, coalesce(w.category, t.category) as category
from unnest($1::uuid[]) as a (about)
left join figure_whistle w on w.whistle_id = a.about
left join figure_ticket t on t.ticket_id = coalesce(w.ticket_id, a.about)
where coalesce(w.category, t.category) is not null
    and coalesce(not t.confidential, w.ticket_id is null)

-- name: count_due
select person_id, count(*)::int as n from message
where person_id = any($1::uuid[]) and state = 'waiting' and send_at <= $2
group by person_id

-- name: tell_rest
-- What one bundle names no more is told in it by its number.
update message set
    state = 'told', send_at = null, repeats = 0, told = told + 1, told_at = $2, bundle_id = $3
where person_id = $1 and state = 'waiting' and send_at <= $2

-- name: settle_messages
-- How each went: told, told and to be told again, of no use any more, or passed on to whoever is
-- on duty now.
update message m set
    person_id = u.person_id,
    seat_post = u.seat_post,
    seat_place = u.seat_place,
    state = u.state,
    way = u.way,
    send_at = u.send_at,
    repeats = u.repeats,
    told = u.told,
    told_at = coalesce(u.told_at, m.told_at),
    bundle_id = coalesce(u.bundle_id, m.bundle_id)
from unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
    $8::int[], $9::int[], $10::timestamptz[], $11::uuid[]
) as u (
    message_id, person_id, seat_post, seat_place, state, way, send_at, repeats, told, told_at,
    bundle_id
)
where m.message_id = u.message_id

-- name: hold_waiting
-- What was to go out while nobody watched waits for the release, too; young critical ones go.
update message set state = 'held', send_at = null
where state = 'waiting' and told = 0 and send_at <= $1
    and not (urgency = 'critical' and at >= $2)

-- name: held_messages
-- Locked, the oldest first; those of one person lie together.
select * from message where state = 'held' order by person_id, at limit $1 for update skip locked

-- name: held_summary
select count(*)::int as n, count(distinct person_id)::int as receivers, min(at) as oldest
from message where state = 'held'

-- name: held_by_person
select m.person_id, p.name, p.unit, p.region, count(*)::int as n, min(m.at) as oldest
from message m join duty_person p using (person_id)
where m.state = 'held'
group by 1, 2, 3, 4
having $1::timestamptz is null or (min(m.at), m.person_id) > ($1::timestamptz, $2::uuid)
order by oldest, 1 limit $3

-- name: count_waiting
select way, count(*)::int as n, min(send_at) as oldest
from message where state = 'waiting' group by way

-- name: list_messages
-- The latest first; each filter that is null lets all pass. The cursor is the last row's place.
select m.*, p.name from message m join duty_person p using (person_id)
where ($1::text is null or m.unit = $1)
    and ($2::text is null or m.state = $2)
    and ($3::uuid is null or m.person_id = $3)
    and ($4::uuid is null or m.about = $4)
    and ($5::timestamptz is null or (m.at, m.message_id) < ($5::timestamptz, $6::uuid))
order by m.at desc, m.message_id desc limit $7

-- name: forget_messages
delete from message where message_id = any (array(
    select message_id from message where state in ('told', 'moot') and at < $1 limit $2))
