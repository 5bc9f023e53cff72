-- Finding tickets: an index of terms that follows the tickets, saved views, ledgers of look-ups.

-- Tickets that are new or changed since they were indexed. Written by triggers in the transaction
-- of the change, so that nothing on the way of a registration knows of it or waits for it.
create table search_pending (
    pending_id bigint generated always as identity primary key,
    ticket_id uuid not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

create function search_is_pending() returns trigger language plpgsql as $$
begin
    insert into search_pending (ticket_id) select distinct ticket_id from changed;
    return null;
end $$;
create trigger ticket_search_new after insert on ticket
    referencing new table as changed for each statement execute function search_is_pending();
create trigger ticket_search_changed after update on ticket
    referencing new table as changed for each statement execute function search_is_pending();
create trigger unit_call_search_new after insert on unit_call
    referencing new table as changed for each statement execute function search_is_pending();
create trigger unit_call_search_changed after update on unit_call
    referencing new table as changed for each statement execute function search_is_pending();
create trigger taken_down_search_new after insert on taken_down
    referencing new table as changed for each statement execute function search_is_pending();

-- A promise matters only as it becomes missed or is not any more, so that the many others cost
-- nothing but the comparison.
create function search_promise_is_pending() returns trigger language plpgsql as $$
begin
    insert into search_pending (ticket_id) values (new.ticket_id);
    return null;
end $$;
create trigger promise_search_changed after update on promise
    for each row when ((old.state = 'missed') is distinct from (new.state = 'missed'))
    execute function search_promise_is_pending();

-- The running number of a ticket in the index, in the order of indexing, without gaps.
create table search_doc (
    doc int primary key check (doc >= 0),
    ticket_id uuid not null unique,
    pieces int not null check (pieces >= 1), -- texts that were indexed
    live bigint[] not null -- terms of its attributes, to be taken back when they change
) with (fillfactor = 85);

-- Which tickets of a segment (8,192 docs) have a term: 16-bit places, or 1,024 bytes of bits. They
-- are written segment by segment and read term by term: the key has them beside each other, so that
-- a term is read from a few pages and not from one a segment.
create table search_posting (
    term bigint not null,
    segment int not null check (segment >= 0),
    docs bytea not null check (octet_length(docs) between 1 and 1024),
    primary key (term, segment) include (docs)
) with (fillfactor = 85);

insert into search_pending (ticket_id) select ticket_id from ticket order by ticket_id;

-- A list kept under a name; `query` is its one spelling as an address carries it.
create table saved_view (
    view_id uuid primary key,
    account text not null, -- the owner's login
    owner_name text not null,
    name text not null check (length(name) between 1 and 40),
    query text not null check (length(query) <= 4000),
    shared boolean not null,
    at timestamptz not null,
    unique (account, name)
);
create index saved_view_shared on saved_view (name) where shared;

-- Who looked for tickets by a telephone number, which is kept as its blind index only.
create table phone_lookup (
    lookup_id bigint generated always as identity primary key,
    at timestamptz not null,
    role text not null,
    unit text,
    actor_name text,
    account text,
    phone_index bytea not null,
    found int not null check (found >= 0)
);
create index phone_lookup_phone on phone_lookup (phone_index, at);

-- Who took a list out of the system, which, and how many rows left.
create table list_export (
    export_id uuid primary key,
    at timestamptz not null,
    role text not null,
    unit text,
    actor_name text,
    account text,
    query text not null,
    rows int check (rows >= 0) -- null: begun and not ended
);
create index list_export_at on list_export (at);
