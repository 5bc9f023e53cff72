-- The statements of deliveries, by name. Times are parameters, on wall time but for created_at.

-- name: put
-- In the order of their dedupe keys, so that two transactions never wait for each other in a ring.
insert into delivery (
    delivery_id, channel, destination, recipient, template, values, about, dedupe, state, attempts,
    fence, next_at, expires_at, created_at, queued_at, traceparent
)
select delivery_id, channel, destination, recipient, template, fields::jsonb, about, dedupe,
    'queued', 0, 0, $10, expires_at, created_at, $10, traceparent
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
    $8::text[], $9::timestamptz[], $11::timestamptz[], $12::text[]
) with ordinality as given (
    delivery_id, channel, destination, recipient, template, fields, about, dedupe, created_at,
    expires_at, traceparent, place
)
order by dedupe, place
on conflict (dedupe) do nothing
returning delivery_id

-- name: of_dedupe
select dedupe, delivery_id from delivery where dedupe = any($1::text[])

-- name: destinations_due
-- The destinations with something due; one step in the index for each, however much waits there.
with recursive known (destination) as (
    (
        select destination from delivery
        where state in ('queued', 'leased') order by destination limit 1
    )
    union all
    select (
        select further.destination from delivery as further
        where further.state in ('queued', 'leased') and further.destination > known.destination
        order by further.destination limit 1
    )
    from known where known.destination is not null
)
select destination from known
where exists (
    select from delivery as due
    where due.destination = known.destination and due.state in ('queued', 'leased')
        and due.next_at <= $1
)

-- name: claim
-- Lease what is due at one destination; a lease that ran out is given anew, with the next fence.
with due as (
    select delivery_id from delivery
    where destination = $1 and state in ('queued', 'leased') and next_at <= $2
    order by next_at
    limit $3
    for update skip locked
)
update delivery set state = 'leased', fence = fence + 1, next_at = $4
from due
where delivery.delivery_id = due.delivery_id
returning delivery.delivery_id, channel, destination, recipient, template, values, about, attempts,
    fence, expires_at, created_at, traceparent

-- name: pace_locked
select budget, filled_at from delivery_pace where destination = $1 for update

-- name: pace_begun
insert into delivery_pace (destination, budget, filled_at) values ($1, $2, $3)
on conflict (destination) do nothing

-- name: pace_kept
update delivery_pace set budget = $2, filled_at = $3 where destination = $1

-- name: settle
-- Write down how a try ended, unless somebody else holds the lease by now.
with settled as (
    update delivery set
        state = $3, attempts = attempts + 1, next_at = $4, last_error = $5, done_at = $6
    where delivery_id = $1 and fence = $2 and state = 'leased'
    returning delivery_id
)
insert into delivery_attempt (delivery_id, fence, at, status, ms, error)
select delivery_id, $2, $7, $8, $9, $5 from settled
returning delivery_id

-- name: oldest_waiting
select channel, (
    select queued_at from delivery
    where delivery.channel = asked.channel and state in ('queued', 'leased')
    order by queued_at limit 1
) as oldest, (
    select count(*) from (
        select from delivery
        where delivery.channel = asked.channel and state in ('queued', 'leased') limit 10000
    ) as waiting
) as waiting
from unnest($1::text[]) as asked (channel)

-- name: forget
delete from delivery
where delivery_id = any (array(select delivery_id from delivery where done_at < $1 limit $2))

-- name: of_recipient
-- Newest first, from below the cursor.
select delivery_id, template, values, about, state, attempts, last_error, created_at, queued_at,
    done_at, next_at
from delivery
where channel = 'webhook' and recipient = $1 and delivery_id < $2
    and ($3::text is null or state = $3)
order by delivery_id desc
limit $4

-- name: logged
-- Of all channels, newest first, from below the cursor; a filter that is null lets all pass.
select delivery_id, channel, recipient, template, values, about, state, attempts, last_error,
    created_at, queued_at, done_at, next_at
from delivery
where delivery_id < $1 and ($2::text is null or channel = $2)
    and ($3::text is null or state = $3) and ($4::uuid is null or about = $4)
order by delivery_id desc
limit $5

-- name: attempts_of
select delivery_id, at, status, ms, error from delivery_attempt
where delivery_id = any($1::uuid[])
order by delivery_id, fence

-- name: send_again
-- One that ended is queued anew under its old key; one that waits is brought forward.
update delivery set
    state = 'queued', attempts = 0, next_at = $3, queued_at = $3, expires_at = null, done_at = null
where channel = 'webhook' and recipient = $1 and delivery_id = $2 and state <> 'leased'
returning delivery_id

-- name: any_again
-- Whatever channel: one that ended is queued anew under its old key, one that waits comes forward.
update delivery set
    state = 'queued', attempts = 0, next_at = $2, queued_at = $2, expires_at = null, done_at = null
where delivery_id = $1 and state <> 'leased'
returning delivery_id

-- name: is_known
select exists (select from delivery where delivery_id = $1)

-- name: cancel_waiting
update delivery set state = 'cancelled', last_error = $2, done_at = $3
where channel = 'webhook' and recipient = $1 and state = 'queued'
