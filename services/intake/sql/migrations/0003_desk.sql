-- The operator desk: calls, drafts, marks and notes on numbers, what the desk knows of a ticket.
-- Numbers and words are sealed by the vault, bound to the row's id; numbers are found by the same
-- blind index as those of tickets.

-- An operator's telephone: the call centre names the extension, the desk shows to the account.
create table extension (
    extension text primary key check (length(extension) between 1 and 50),
    account text not null unique,
    at timestamptz not null
);

create table phone_call (
    phone_call_id uuid primary key,
    call_id text not null unique, -- the call centre's
    operator text not null, -- login or extension, as the call centre said it
    line text,
    state text not null check (state in ('ringing', 'answered', 'ended')),
    key_id text,
    sealed bytea, -- the number; null where it was withheld or is forgotten
    phone_index bytea,
    rang_at timestamptz not null,
    answered_at timestamptz,
    ended_at timestamptz,
    ticket_id uuid references ticket, -- what came of it
    check ((key_id is null) = (sealed is null)),
    check ((sealed is null) = (phone_index is null)),
    check ((ended_at is not null) = (state = 'ended')),
    check (state <> 'answered' or answered_at is not null)
);
create index phone_call_running on phone_call (operator, rang_at) where state <> 'ended';
create index phone_call_sealed on phone_call (rang_at) where sealed is not null;
create index phone_call_key on phone_call (key_id) where key_id is not null;

-- A form that is being filled in, whole, as typed.
create table draft (
    draft_id uuid primary key,
    account text not null,
    version int not null check (version >= 1),
    key_id text not null,
    sealed bytea not null,
    phone_index bytea,
    call_id text,
    begun_at timestamptz not null,
    changed_at timestamptz not null
);
create index draft_account on draft (account, changed_at);
create index draft_phone on draft (phone_index, changed_at) where phone_index is not null;
create index draft_changed on draft (changed_at);
create index draft_key on draft (key_id);

-- A shift lead's word that a number harasses; it warns and never blocks an emergency.
create table harassment_mark (
    mark_id uuid primary key,
    phone_index bytea not null,
    key_id text not null,
    sealed bytea not null, -- the number
    reason text not null check (length(reason) between 2 and 200),
    marked_by text not null,
    marked_at timestamptz not null,
    until timestamptz not null check (until > marked_at),
    lifted_at timestamptz,
    lifted_by text,
    check ((lifted_at is null) = (lifted_by is null))
);
create unique index harassment_mark_one on harassment_mark (phone_index) where lifted_at is null;
create index harassment_mark_key on harassment_mark (key_id);

-- What the next operator should know of a caller: hard of hearing, speaks Mongolian …
create table caller_note (
    note_id uuid primary key,
    phone_index bytea not null,
    key_id text not null,
    sealed bytea not null, -- number and text
    noted_by text not null,
    at timestamptz not null,
    removed_at timestamptz
);
create index caller_note_phone on caller_note (phone_index) where removed_at is null;
create index caller_note_key on caller_note (key_id);

-- What the desk knows of a ticket besides: who took it down, in which language, why so urgent.
create table taken_down (
    ticket_id uuid primary key references ticket,
    account text not null,
    language text not null check (language in ('zh', 'mn')),
    urgency_reason text, -- redacted
    call_id text,
    at timestamptz not null
);
create index taken_down_account on taken_down (account, ticket_id);
