-- What the router owns: units, whistles and their assignments; and its copy of tickets.

-- The catalogue's file is the seed, this table the truth afterwards.
create table unit (
    code text primary key,
    seq int not null check (seq >= 1),
    name text not null,
    parent text,
    level text not null check (level in ('city', 'district', 'street', 'community')),
    kind text not null
        check (kind in ('government', 'bureau', 'utility', 'street', 'community', 'property')),
    function_codes text[] not null,
    region_code text,
    can_whistle boolean not null,
    duty_24h boolean not null,
    population int,
    active boolean not null, -- inactive: no new whistles
    reachable boolean not null, -- its topics and rights exist
    history_hash bytea not null
);

-- The router's own copy; intake owns tickets.
create table ticket (
    ticket_id uuid primary key,
    state text not null check (state in ('open', 'merged', 'ended', 'withdrawn', 'closed')),
    round int not null check (round >= 1),
    registered_at timestamptz not null,
    merged_into uuid,
    registered text not null, -- JSON of tickets.Registered: place, words, category …
    check ((merged_into is not null) = (state = 'merged'))
) with (fillfactor = 80);

create sequence whistle_number;

-- Narrow and updated often; `content` is written once, kept out of line and never read with it.
-- No index holds a column that a report changes, so that updates stay on their page (HOT).
create table whistle (
    whistle_id uuid primary key,
    number text not null unique,
    kind text not null
        check (kind in ('emergency', 'joint_enforcement', 'key_work', 'citizen_demand')),
    state text not null
        check (state in ('held', 'open', 'awaiting_acceptance', 'accepted', 'closed', 'withdrawn')),
    round int not null check (round >= 1),
    urgency text not null check (urgency in ('critical', 'urgent', 'normal')),
    category text,
    demand_ticket uuid references ticket, -- the ticket it was dispatched for
    blower text,
    region text,
    provisional boolean not null,
    dispatcher_role text not null,
    dispatcher_name text,
    idempotency_key text, -- of the POST that blew it, with its caller's unit
    request_hash bytea,
    blown_at timestamptz,
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    content text not null, -- JSON of domain.matter.Content
    check ((state = 'held' or blown_at is not null) or state = 'withdrawn'),
    check (demand_ticket is null or kind = 'citizen_demand'),
    check ((idempotency_key is null) = (request_hash is null))
) with (fillfactor = 70, toast_tuple_target = 256);
alter table whistle alter column content set storage external;
create unique index whistle_once_a_round on whistle (demand_ticket, round)
    where demand_ticket is not null;
create unique index whistle_idempotency on whistle (blower, idempotency_key)
    where idempotency_key is not null;
create index whistle_held on whistle (whistle_id) where state = 'held';

-- The tickets a whistle is about: none for a street's own, several after a merge.
create table whistle_ticket (
    whistle_id uuid not null references whistle,
    ticket_id uuid not null references ticket,
    primary key (whistle_id, ticket_id)
);
create index whistle_ticket_of_ticket on whistle_ticket (ticket_id, whistle_id);

create table assignment (
    assignment_id uuid primary key,
    whistle_id uuid not null references whistle,
    place int not null, -- in the order the units were called
    unit text not null,
    relation text not null check (relation in ('lead', 'assisting', 'informed')),
    state text not null
        check (state in ('offered', 'acknowledged', 'arrived', 'working', 'done',
                         'return_requested', 'returned', 'disputed', 'paused', 'released')),
    running boolean not null
        generated always as (state not in ('returned', 'released')) stored,
    task text,
    clause text,
    acknowledged_at timestamptz,
    deemed boolean not null,
    contacted_at timestamptz,
    arrived_at timestamptz,
    done_at timestamptz,
    return_asked_at timestamptz,
    adjudicate boolean not null,
    back_to text check (back_to in ('offered', 'acknowledged', 'arrived', 'working')),
    extension_asked text,
    extended text not null,
    dues text not null, -- JSON of domain.dues.Dues
    check ((back_to is not null) = (state in ('return_requested', 'disputed', 'paused'))),
    check (not adjudicate or return_asked_at is not null),
    check ((done_at is not null) or state <> 'done'),
    unique (whistle_id, place)
) with (fillfactor = 70);
-- `running` changes only when a unit leaves: reports do not touch these indexes.
create unique index assignment_one_lead on assignment (whistle_id)
    where running and relation = 'lead';
create unique index assignment_once_a_unit on assignment (whistle_id, unit) where running;
create index assignment_of_unit on assignment (unit, whistle_id);
