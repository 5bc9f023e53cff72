-- Who is on duty, and what each of them is to be told.

-- A person of the rota. The addresses (phone, WeChat Work user, webhook) are personal data of
-- officials: they stand here alone, sealed, and are opened at the moment of sending. The row is
-- also what whoever tells a person locks. Persons are never removed.
create table duty_person (
    person_id uuid primary key,
    name text not null check (name <> ''),
    unit text,
    region text,
    channels text[] not null check (
        channels <@ array['sms', 'wecom', 'webhook'] and cardinality(channels) > 0),
    key_id text not null,
    sealed bytea not null,
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    check ((unit is null) <> (region is null))
);
create index duty_person_name on duty_person (coalesce(unit, region), name);

create table duty_shift (
    shift_id uuid primary key,
    post text not null check (post in (
        'handler', 'liaison', 'section_head', 'unit_leader', 'dispatcher', 'reviewer',
        'callback_clerk', 'shift_lead', 'supervisor', 'district_supervisor', 'district_leader',
        'city_supervisor', 'city_leader')),
    unit text,
    region text,
    person_id uuid not null references duty_person,
    starts_at timestamptz not null,
    ends_at timestamptz, -- null until somebody ends it
    ended_why text,
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    check ((unit is null) <> (region is null)),
    check ((unit is not null)
        = (post in ('handler', 'liaison', 'section_head', 'unit_leader'))),
    check (ends_at >= starts_at) -- equal: called off before it began
);
create index duty_shift_unit on duty_shift (unit, post) where unit is not null;
create index duty_shift_region on duty_shift (region, post) where region is not null;
create index duty_shift_open on duty_shift (ends_at, shift_id);

create table duty_substitute (
    substitute_id uuid primary key,
    shift_id uuid not null references duty_shift,
    person_id uuid not null references duty_person,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    reason text not null,
    check (ends_at > starts_at)
);
create index duty_substitute_shift on duty_substitute (shift_id, starts_at);

-- Counts the changes of the rota: a copy of the notifier reads it anew when this has moved.
create table rota_version (only_one boolean primary key check (only_one), version int not null);
insert into rota_version values (true, 0);

-- Where a unit is, for the posts above it; from the facts of `units`.
create table duty_unit (
    code text primary key,
    name text not null,
    region text not null,
    active boolean not null
);

-- What one person is to be told of one matter, until it is told. No key points at the person or
-- the deadline: thousands are written in the transaction that fires them.
create table message (
    message_id uuid primary key, -- made of the promise, round, term, rung and the person
    person_id uuid not null,
    post text not null, -- which was to hear
    seat_post text not null, -- which heard; another one where nobody was on duty
    seat_place text not null, -- a unit or a region
    occasion text not null check (occasion in ('warning', 'overdue', 'urged', 'supervised')),
    about uuid not null, -- whistle, else ticket
    number text not null,
    unit text,
    urgency text not null check (urgency in ('critical', 'urgent', 'normal')),
    kind text,
    rung text,
    level int not null check (level between 0 and 5),
    due_by timestamptz,
    deadline_id uuid,
    term int, -- null: it holds for as long as the promise is open
    count int,
    at timestamptz not null,
    way text not null check (way in ('at_once', 'bundle', 'daily', 'released')),
    state text not null check (state in ('waiting', 'held', 'told', 'moot')),
    send_at timestamptz,
    repeats int not null check (repeats >= 0),
    told int not null check (told >= 0),
    told_at timestamptz, -- the last time
    bundle_id uuid, -- what it was told in, the last time
    check ((state = 'waiting') = (send_at is not null)),
    check ((told > 0) = (told_at is not null)),
    check ((told > 0) = (bundle_id is not null)),
    check (state <> 'told' or told > 0),
    check (term is null or deadline_id is not null),
    check (state <> 'held' or told = 0)
);
create index message_waiting on message (person_id, send_at) where state = 'waiting';
create index message_next on message (send_at) where state = 'waiting';
create index message_held on message (person_id, at) where state = 'held';
create index message_done on message (at) where state in ('told', 'moot');
create index message_about on message (about);
create index message_unit on message (unit, at) where unit is not null;
alter table message set (autovacuum_vacuum_scale_factor = 0.02);

-- The last sign of a watch, whichever copy gave it.
create table watch_beat (
    only_one boolean primary key check (only_one),
    at timestamptz not null, -- domain time
    wall timestamptz not null
);

-- Times that nobody watched; what fell due within is held until somebody releases it.
create table watch_gap (
    gap_id uuid primary key,
    from_at timestamptz not null,
    to_at timestamptz not null,
    found_wall timestamptz not null,
    why text not null check (why in ('outage', 'jump')),
    released_at timestamptz,
    released_by text,
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    check (to_at > from_at),
    check ((released_at is null) = (released_by is null))
);
create index watch_gap_open on watch_gap (found_wall) where released_at is null;
