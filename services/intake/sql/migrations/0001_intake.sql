-- Intake: tickets, who asked (apart and encrypted), promises, units called, timeline, ledgers.

-- Running numbers of tickets; never reset, so that two processes need no common lock. A day's
-- numbers count from the first one drawn that day.
create sequence ticket_running;
create table ticket_day (
    day date primary key,
    first_running bigint not null
);

create table ticket (
    ticket_id uuid primary key,
    number text not null unique,
    state text not null check (state in (
        'draft', 'registered', 'pending_info', 'dispatched', 'processing', 'suspended', 'resolved',
        'callback', 'closed', 'merged', 'answered', 'transferred', 'rejected', 'withdrawn',
        'voided', 'archived'
    )),
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    round int not null check (round >= 1),
    channel text not null check (channel in (
        'hotline', 'resident_page', 'one_tap', 'qr_code', 'chat_group', 'open311', 'patrol'
    )),
    type text not null check (type in (
        'consult', 'help', 'suggest', 'tip_off', 'complain', 'praise'
    )),
    urgency text not null check (urgency in ('critical', 'urgent', 'normal')),
    category text,
    title text not null,
    summary text not null, -- redacted
    region text,
    address text, -- without the door
    lat double precision,
    lon double precision,
    compound text,
    property_unit text,
    no_location boolean not null,
    line text,
    choice text check (choice in ('property', 'grid')),
    source_system text,
    source_number text,
    confidential boolean not null,
    contactable boolean not null,
    hard_case boolean not null,
    registered_at timestamptz not null,
    occurred_at timestamptz,
    whistle_id uuid, -- the one that moves the ticket now
    urged int not null check (urged >= 0),
    urged_at timestamptz,
    callback_tries int not null check (callback_tries between 0 and 3),
    ended_at timestamptz,
    receipt text not null, -- the answer to the registration, given again to a repeat
    check ((source_system is null) = (source_number is null)),
    check ((lat is null) = (lon is null)),
    check (not confidential or (address is null and lat is null and compound is null)),
    check ((urged = 0) = (urged_at is null)),
    -- ended and only ended
    check ((ended_at is not null) = (state in (
        'closed', 'answered', 'transferred', 'rejected', 'withdrawn', 'voided', 'archived'
    ))),
    -- a unit is or was called
    check (whistle_id is not null or state not in (
        'dispatched', 'processing', 'suspended', 'resolved', 'callback', 'closed'
    )),
    check (round = 1 or whistle_id is not null)
);
create index ticket_state on ticket (state, ticket_id);
create index ticket_source on ticket (source_system, ticket_id) where source_system is not null;
create index ticket_region on ticket (region text_pattern_ops, ticket_id);

-- A registration is known by its Idempotency-Key (scope 'key') and by its source (scope
-- 'source:<system>'): the same body again is the same ticket, another body is refused.
create table claim (
    scope text not null,
    key text not null,
    ticket_id uuid not null,
    key_id text not null, -- of the vault: a plain hash of a body with a phone could be guessed
    body_hash bytea not null,
    at timestamptz not null,
    primary key (scope, key)
);

-- Who asked: sealed with AES-256-GCM under the key of that id, bound to the ticket. The phone is
-- found by a keyed hash of its digits.
create table vault (
    ticket_id uuid primary key,
    key_id text not null,
    sealed bytea not null,
    phone_index bytea,
    at timestamptz not null
);
create index vault_phone on vault (phone_index, at) where phone_index is not null;

-- Original words of supplements whose redacted form is on the timeline.
create table vault_supplement (
    supplement_id bigint generated always as identity primary key,
    ticket_id uuid not null references ticket,
    key_id text not null,
    sealed bytea not null,
    at timestamptz not null
);
create index vault_supplement_ticket on vault_supplement (ticket_id);

create table promise (
    ticket_id uuid not null,
    owner_id uuid not null, -- the assignment, or the ticket itself
    kind text not null check (kind in (
        'dispatch', 'callback', 'citizen', 'acknowledge', 'contact', 'arrive', 'resolve'
    )),
    round int not null check (round >= 1),
    unit text,
    whistle_id uuid,
    state text not null check (state in (
        'running', 'paused', 'met', 'met_late', 'missed', 'cancelled'
    )),
    due_by timestamptz not null,
    due_rule text not null,
    due_started_at timestamptz not null,
    due_calendar text not null,
    due_policy text not null,
    due_provisional boolean not null,
    primary key (ticket_id, owner_id, kind, round),
    -- the ticket's own promises are no unit's, and no unit's may pass for its own
    check ((kind in ('dispatch', 'callback', 'citizen')) = (owner_id = ticket_id))
);

-- The units called for a ticket, as the router's facts tell; `done`, `returned` and `released` are
-- called no more.
create table unit_call (
    ticket_id uuid not null references ticket,
    assignment_id uuid not null,
    whistle_id uuid not null,
    unit text not null,
    relation text not null check (relation in ('lead', 'assisting', 'informed')),
    state text not null check (state in (
        'offered', 'acknowledged', 'arrived', 'working', 'done', 'return_requested', 'returned',
        'disputed', 'paused', 'released'
    )),
    primary key (ticket_id, assignment_id)
);
create index unit_call_whistle on unit_call (whistle_id);
create index unit_call_unit on unit_call (unit, ticket_id);

create table timeline (
    timeline_id bigint generated always as identity primary key,
    ticket_id uuid not null,
    at timestamptz not null,
    who text not null,
    what text not null,
    zh text not null
);
create index timeline_ticket on timeline (ticket_id, at, timeline_id);

-- Every look at a person's contact: kept whole, shown to the person on request.
create table disclosure (
    disclosure_id bigint generated always as identity primary key,
    ticket_id uuid not null references ticket,
    at timestamptz not null,
    role text not null,
    unit text not null,
    actor_name text,
    purpose text not null check (length(purpose) between 2 and 200)
);
create index disclosure_ticket on disclosure (ticket_id);
create function disclosure_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger of disclosures is append-only';
end $$;
create trigger disclosure_append_only before update or delete or truncate on disclosure
    for each statement execute function disclosure_is_append_only();
