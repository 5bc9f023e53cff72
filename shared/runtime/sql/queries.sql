-- Statements of the runtime: inbox, outbox, dead letters, parked events.

-- name: inbox_remember
-- The ids that were not known yet; ordered, so that two consumers cannot deadlock.
insert into inbox (topic, event_id, received_at)
select topic, event_id, received_at
from unnest($1::text[], $2::text[], $3::timestamptz[]) as heard (topic, event_id, received_at)
order by topic, event_id
on conflict do nothing
returning topic, event_id;

-- name: inbox_release
-- What was not acted on after all may come again.
delete from inbox where (topic, event_id) in (select * from unnest($1::text[], $2::text[]));

-- name: inbox_forget
delete from inbox
where ctid = any (array(select ctid from inbox where received_at < $1 limit $2));

-- name: parked_subjects
select distinct subject from parked where subject = any ($1::text[]);

-- name: parked_add
insert into parked (topic, kafka_partition, kafka_offset, received_at, subject, event_id, value,
    error, parked_at, next_try_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: parked_claim
-- The first waiting event of a subject that is due for another try.
select p.parked_id, p.topic, p.kafka_partition, p.kafka_offset, p.received_at, p.value, p.attempts
from parked p
where p.next_try_at <= $1
  and not exists (select from parked q where q.subject = p.subject and q.parked_id < p.parked_id)
order by p.parked_id
limit 1
for update skip locked;

-- name: parked_by_id
-- Only the first of its subject may be replayed: order is kept.
select p.parked_id, p.topic, p.kafka_partition, p.kafka_offset, p.received_at, p.value, p.attempts
from parked p
where p.parked_id = $1
  and not exists (select from parked q where q.subject = p.subject and q.parked_id < p.parked_id)
for update;

-- name: parked_delete
delete from parked where parked_id = $1;

-- name: parked_failed
update parked set attempts = attempts + 1, error = $2, next_try_at = $3 where parked_id = $1;

-- name: parked_list
select parked_id, topic, kafka_partition, kafka_offset, subject, event_id, error, attempts,
    parked_at
from parked
where ($1::text is null or error ilike '%' || $1 || '%') and parked_id > $3
order by parked_id
limit $2;

-- name: dead_letter_add
insert into dead_letter (direction, topic, kafka_partition, kafka_offset, kafka_timestamp, key,
    value, error_code, error, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (topic, kafka_partition, kafka_offset) where direction = 'in' do nothing
returning dead_letter_id;

-- name: dead_letter_list
select dead_letter_id, direction, topic, kafka_partition, kafka_offset, key, error_code, error, at
from dead_letter
where replayed_at is null and dead_letter_id > $3
  and ($1::text is null or error_code = $1 or error ilike '%' || $1 || '%')
order by dead_letter_id
limit $2;

-- name: dead_letter_heaps
-- What waits, by error: of a parked event the name of what was raised.
select 'dead' as kind, error_code as error, count(*)::int as n, min(at) as oldest, max(at) as latest
from dead_letter where replayed_at is null and $1::text is distinct from 'parked'
group by error_code
union all
select 'parked', split_part(split_part(error, '(', 1), ':', 1), count(*)::int, min(parked_at),
    max(parked_at)
from parked where $1::text is distinct from 'dead'
group by 2
order by n desc, kind, error;

-- name: dead_letter_by_id
select dead_letter_id, direction, topic, kafka_partition, kafka_offset, kafka_timestamp, key, value
from dead_letter
where dead_letter_id = $1 and replayed_at is null
for update;

-- name: dead_letter_payload
select value from dead_letter where dead_letter_id = $1 and replayed_at is null;

-- name: parked_payload
select value from parked where parked_id = $1;

-- name: dead_letter_replayed
update dead_letter set replayed_at = $2 where dead_letter_id = $1;

-- name: counts
select
    (select count(*) from dead_letter where replayed_at is null) as dead,
    (select count(*) from parked) as parked,
    (select min(parked_at) from parked) as parked_at,
    (select count(*) from (select from outbox limit 10000) waiting) as outbox,
    -- ids from the first to the last: how many there are at most, for two looks into the index
    (select coalesce(max(id) - min(id) + 1, 0) from outbox) as outbox_span,
    (select created_at from outbox order by id limit 1) as oldest;

-- name: outbox_read
-- The payload as the bytes that are sent.
select id, event_id, aggregatetype, aggregateid, convert_to(payload, 'UTF8') as payload, headers
from outbox
where aggregatetype <> all ($2::text[])
order by id
limit $1;

-- name: outbox_delete
delete from outbox where id = any ($1::bigint[]);

-- name: relay_lead
select pg_try_advisory_lock($1);
