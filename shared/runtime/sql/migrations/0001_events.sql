-- What every service keeps of the events it hears and says.

-- Remembered in the transaction that acted on the event; the unique key is the fence against
-- redelivery, replays and two consumers of one partition during a rebalance.
create table inbox (
    topic text not null,
    event_id text not null,
    received_at timestamptz not null,
    primary key (topic, event_id)
);
create index inbox_received_at on inbox using brin (received_at);

-- Rows to be sent, deleted when Kafka acknowledged them. The columns are Debezium's outbox event
-- router's (aggregatetype = topic without prefix, aggregateid = key), so that change data capture
-- can replace the relay.
create table outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null,
    aggregatetype text not null,
    aggregateid text not null,
    type text not null,
    payload text not null,
    headers text,
    created_at timestamptz not null -- wall time: the age of the oldest row is an alert
);
-- Rows live for milliseconds: compressing them is for nothing, and their places are freed soon.
alter table outbox alter column payload set storage external;
alter table outbox set (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);

-- Records that could not be read, and outgoing ones the broker will never take.
create table dead_letter (
    dead_letter_id bigint generated always as identity primary key,
    direction text not null check (direction in ('in', 'out')),
    topic text not null,
    kafka_partition int,
    kafka_offset bigint,
    kafka_timestamp timestamptz,
    key bytea,
    value bytea,
    error_code text not null,
    error text not null,
    at timestamptz not null,
    replayed_at timestamptz
);
create unique index dead_letter_once on dead_letter (topic, kafka_partition, kafka_offset)
    where direction = 'in';
create index dead_letter_waiting on dead_letter (error_code, at) where replayed_at is null;

-- Events whose handling failed, and later ones of the same subject: retried in order.
create table parked (
    parked_id bigint generated always as identity primary key,
    topic text not null,
    kafka_partition int not null,
    kafka_offset bigint not null,
    received_at timestamptz not null, -- domain time of the broker's timestamp
    subject text not null,
    event_id text not null,
    value bytea not null,
    error text not null,
    attempts int not null default 0,
    parked_at timestamptz not null, -- wall time
    next_try_at timestamptz not null -- wall time
);
create index parked_subject on parked (subject, parked_id);
create index parked_next_try on parked (next_try_at);

-- Who did what to an aggregate: append-only, each row's hash covers the one before.
create table history (
    aggregate_id uuid not null,
    seq int not null check (seq >= 1),
    at timestamptz not null,
    what text not null,
    role text not null,
    unit text,
    actor_name text,
    on_behalf_of text,
    before text,
    after text,
    policy text not null,
    previous_hash bytea not null,
    hash bytea not null,
    primary key (aggregate_id, seq)
);
create function history_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'history is append-only';
end $$;
create trigger history_append_only before update or delete or truncate on history
    for each statement execute function history_is_append_only();
