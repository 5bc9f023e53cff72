-- What residents need besides their tickets: links that can be revoked, codes by SMS, limits.
-- Wall time throughout: links, codes and limits are about the outside.

-- The generation that a ticket's links must have; no row: 0. Revoking raises it.
create table ticket_link (
    ticket_id uuid primary key references ticket,
    generation int not null check (generation between 1 and 255),
    changed_at timestamptz not null
);

-- A code sent to a phone. `sealed` (phone and code, for the sending alone) is emptied once it was
-- sent or is of no use; a phone without a ticket gets a row and no message.
create table access_code (
    code_id uuid primary key,
    phone_index bytea not null,
    code_hash bytea not null,
    key_id text,
    sealed bytea,
    at timestamptz not null,
    expires_at timestamptz not null check (expires_at > at),
    tries int not null default 0 check (tries between 0 and 3),
    used_at timestamptz,
    check ((key_id is null) = (sealed is null))
);
create index access_code_phone on access_code (phone_index, at);
create index access_code_expired on access_code (expires_at);
create index access_code_key on access_code (key_id) where key_id is not null;

-- Turns taken under a limit: of a ticket's number, an address, a device, a phone (as keyed hash).
create table turn (
    scope text not null,
    holder bytea not null,
    taken timestamptz[] not null check (cardinality(taken) >= 1),
    last_at timestamptz not null,
    primary key (scope, holder)
);
create index turn_last on turn (last_at);

-- "Mine is the same": the wish of who reported to join an earlier ticket, for a person to confirm.
create table join_wish (
    ticket_id uuid primary key references ticket,
    joins uuid not null references ticket,
    at timestamptz not null,
    check (ticket_id <> joins)
);
create index join_wish_joins on join_wish (joins);
