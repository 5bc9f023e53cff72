-- Departments that come over HTTP: their keys, what their reports were answered, their webhooks;
-- and what is left of files that no whistle named.

-- Keys of 256 random bits: found and checked by their hash, shown once when they are made.
create table department_key (
    key_id uuid primary key,
    unit text not null references unit,
    prefix text not null, -- what people tell keys apart by
    key_hash bytea not null unique check (length(key_hash) = 32),
    created_at timestamptz not null,
    created_by text,
    revoked_at timestamptz,
    last_used date
);
create index department_key_unit on department_key (unit, key_id);

-- A report that is pushed again is given the same answer. What came over Kafka is not here.
create table pushed_report (
    unit text not null,
    event_id text not null,
    answer text not null, -- JSON of domain.department.Answer
    received_at timestamptz not null,
    primary key (unit, event_id)
);
create index pushed_report_received on pushed_report (received_at);

create table webhook (
    unit text primary key references unit,
    url text not null,
    streams text[] not null
        check (cardinality(streams) > 0 and streams <@ '{whistles,notices}'),
    key_id text not null, -- of the vault, which seals the signing secret
    sealed bytea not null,
    former_key_id text, -- the secret before, good until then
    former_sealed bytea,
    former_until timestamptz,
    disabled_at timestamptz, -- told nothing any more, as the other side answered that it is gone
    disabled_why text,
    changed_at timestamptz not null,
    changed_by text,
    check (num_nulls(former_key_id, former_sealed, former_until) in (0, 3)),
    check ((disabled_at is null) = (disabled_why is null))
);

-- From which offset on a stream is still to be forwarded; moved in the transaction that queues.
create table webhook_cursor (
    unit text not null references webhook on delete cascade,
    stream text not null check (stream in ('whistles', 'notices')),
    next_offset bigint not null check (next_offset >= 0),
    primary key (unit, stream)
);

-- Objects whose file is gone: deleted from the store when no other file has the same bytes.
create table file_leftover (
    sha256 bytea primary key check (length(sha256) = 32)
);
create index file_of_thumb on file (thumb_sha256) where thumb_sha256 is not null;
create index file_by_age on file (created_at);
