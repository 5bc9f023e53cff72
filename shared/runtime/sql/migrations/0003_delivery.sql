-- What is to be sent to the outside: text messages and webhooks, each until it is taken or given up.

-- Leases, pauses and ages are on wall time: they are about the transport. No personal data: the
-- recipient is a reference, resolved when the message is sent.
create table delivery (
    delivery_id uuid primary key, -- also the idempotency key, the same on every try
    channel text not null check (channel in ('sms', 'webhook')),
    destination text not null, -- what may be down as a whole: the SMS gateway, one webhook
    recipient text not null check (recipient ~ '^[a-z]+:'),
    template text not null,
    values jsonb not null,
    about uuid,
    dedupe text unique,
    state text not null check (state in ('queued', 'leased', 'sent', 'failed', 'cancelled')),
    attempts int not null check (attempts >= 0), -- tries that ended
    fence bigint not null check (fence >= 0), -- counts the leases; only the last one may settle
    next_at timestamptz not null, -- when it may be tried; of a leased one, when its lease ends
    expires_at timestamptz, -- after this it is of no use any more
    last_error text,
    created_at timestamptz not null, -- domain time of the change it tells of
    queued_at timestamptz not null,
    done_at timestamptz,
    check ((done_at is not null) = (state in ('sent', 'failed', 'cancelled')))
);
create index delivery_due on delivery (destination, next_at) where state in ('queued', 'leased');
create index delivery_waiting on delivery (channel, queued_at) where state in ('queued', 'leased');
create index delivery_done on delivery (done_at) where done_at is not null;
create index delivery_of_webhook on delivery (recipient, delivery_id) where channel = 'webhook';
alter table delivery set (autovacuum_vacuum_scale_factor = 0.02);

create table delivery_attempt (
    delivery_id uuid not null references delivery on delete cascade,
    fence bigint not null,
    at timestamptz not null,
    status int, -- of HTTP, where there was an answer
    ms int not null,
    error text,
    primary key (delivery_id, fence)
);
