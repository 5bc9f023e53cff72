-- The place of each fact in the order of hearing, so that the log can be followed and read again.
create sequence fact_place;
alter table fact add column place bigint not null default nextval('fact_place');
create index fact_by_place on fact (place);

-- How far the read model has followed the fact log; one row, replaced with the tables below.
create table figure_position (
    the_one boolean primary key default true check (the_one),
    place bigint not null check (place >= 0)
);
insert into figure_position (place) values (0);

-- The read model of the figures (DOMAIN §8): rows of counted facts, folded from the fact log alone.
-- Every rate is a query over them; nothing here is a running sum. What `derive` works out from the
-- ticket and its whistles together is repeated on each row, so that one table answers a question.
create table figure_ticket (
    ticket_id uuid primary key,
    seq int not null check (seq >= 0), -- the last of its own facts; 0 while only a whistle is heard
    ruling_seq int not null check (ruling_seq >= 0), -- the last ruling on its exclusion
    number text,
    registered_at timestamptz,
    channel text,
    type text,
    urgency text,
    said_category text, -- at the desk; the dispatch may know better
    region text,
    compound text,
    property_unit text,
    confidential boolean not null,
    group_matter boolean not null,
    canary boolean not null,
    settled boolean not null,
    round int not null check (round >= 1),
    reworks int not null check (reworks >= 0),
    reopened int not null check (reopened >= 0),
    merged_into uuid,
    ended_at timestamptz,
    ended_how text, -- closed, answered, transferred, rejected, voided, withdrawn, merged
    withdrawn boolean not null, -- by the person, and not going on ex officio
    excluded text, -- the reason of the ruling in force
    -- derived
    category text,
    dispatched_at timestamptz,
    day date, -- local day of the first dispatch
    street text,
    unit text, -- who leads, or led at the end
    first_unit text,
    first_stood boolean, -- whether the first lead was the right one; null until that is known
    hops int not null check (hops >= 0), -- how often the lead went on to another unit
    returns int not null check (returns >= 0),
    suspended_at timestamptz,
    counted boolean not null,
    check ((dispatched_at is null) = (day is null)),
    check (not counted or (dispatched_at is not null and excluded is null and not canary))
);
create index figure_ticket_registered on figure_ticket (registered_at);
create index figure_ticket_day on figure_ticket (day, ticket_id) where day is not null;
create index figure_ticket_returned on figure_ticket (returns, ticket_id) where returns >= 2;
create index figure_ticket_reworked on figure_ticket (reworks, ticket_id) where reworks >= 1;
create index figure_ticket_suspended on figure_ticket (suspended_at) where suspended_at is not null;

-- A ticket's round as the citizen saw it: the callback after it, and what became of it.
create table figure_round (
    ticket_id uuid not null,
    round int not null check (round >= 1),
    opened_at timestamptz,
    attempts int not null check (attempts >= 0),
    called_at timestamptz, -- the last try
    concluded_at timestamptz,
    result text check (result in ('solved', 'partly', 'unsolved', 'unreachable')),
    satisfaction text check (satisfaction in ('satisfied', 'basically', 'unsatisfied', 'unknown')),
    reworked boolean not null,
    -- derived
    whistle_id uuid,
    unit text,
    unit_result text,
    compound text,
    category text,
    region text,
    street text,
    day date,
    counted boolean not null,
    primary key (ticket_id, round),
    check ((concluded_at is null) = (result is null))
);
create index figure_round_day on figure_round (day, ticket_id, round) where counted;
create index figure_round_unit on figure_round (unit, day) where counted;

create table figure_whistle (
    whistle_id uuid primary key,
    seq int not null check (seq >= 1),
    ticket_id uuid, -- whose dispatch it is; none for a street's own
    number text,
    kind text,
    round int not null check (round >= 1),
    urgency text,
    category text,
    type text,
    region text,
    compound text,
    property_unit text,
    blower text,
    level text,
    dispatched_by text, -- the role
    provisional boolean not null,
    canary boolean not null,
    blown_at timestamptz,
    ended_at timestamptz,
    ended_how text check (ended_how in ('closed', 'withdrawn')),
    taken_over_at timestamptz,
    accepted_at timestamptz,
    first_accepted boolean, -- null until the street has looked
    -- derived
    street text,
    day date,
    counted boolean not null
);
create index figure_whistle_ticket on figure_whistle (ticket_id) where ticket_id is not null;
create index figure_whistle_day on figure_whistle (day, whistle_id) where kind <> 'citizen_demand';

-- One unit's part in a whistle. Of each clock: `kept` once it is known, and until then `by` is when
-- it will have been missed; both null where the clock does not count.
create table figure_part (
    assignment_id uuid primary key,
    whistle_id uuid not null,
    place_no int not null check (place_no >= 0), -- the order in which the units were called
    unit text not null,
    relation text not null check (relation in ('lead', 'assisting', 'informed')),
    offered_at timestamptz not null,
    acknowledge_by timestamptz,
    contact_by timestamptz,
    arrive_by timestamptz,
    resolve_by timestamptz,
    acknowledged_at timestamptz,
    deemed_at timestamptz,
    contacted_at timestamptz,
    arrived_at timestamptz,
    resolved_at timestamptz,
    result text,
    sent_back int not null check (sent_back >= 0),
    return_asked_at timestamptz,
    return_ruled text check (return_ruled in ('returned', 'refused')),
    returned_at timestamptz,
    released_at timestamptz,
    paused_at timestamptz,
    -- derived
    ticket_id uuid,
    kind text,
    round int not null,
    provisional boolean not null,
    category text,
    region text,
    street text,
    compound text,
    day date,
    counted boolean not null,
    ended_at timestamptz, -- returned, released, or the whistle has ended
    acknowledge_kept boolean,
    acknowledge_fails timestamptz,
    respond_kept boolean,
    respond_fails timestamptz,
    arrive_kept boolean,
    arrive_fails timestamptz,
    resolve_kept boolean,
    resolve_fails timestamptz,
    check (acknowledge_kept is null or acknowledge_fails is null),
    check (respond_kept is null or respond_fails is null),
    check (arrive_kept is null or arrive_fails is null),
    check (resolve_kept is null or resolve_fails is null)
);
create index figure_part_whistle on figure_part (whistle_id);
create index figure_part_ticket on figure_part (ticket_id) where ticket_id is not null;
create index figure_part_day on figure_part (day, assignment_id) where counted;
create index figure_part_unit on figure_part (unit, day, assignment_id) where counted;
create index figure_part_street on figure_part (street, day, assignment_id) where counted;
create index figure_part_owed on figure_part (resolve_fails, assignment_id)
    where counted and resolve_fails is not null;

-- What one class of evaluators gave one unit of one whistle.
create table figure_mark (
    whistle_id uuid not null,
    unit text not null,
    evaluator_class text not null,
    timely int not null,
    present int not null,
    effect int not null,
    cooperation int not null,
    weight int not null check (weight > 0), -- tenths: an emergency weighs 15
    at timestamptz not null,
    -- derived
    category text,
    region text,
    street text,
    day date,
    counted boolean not null,
    primary key (whistle_id, unit, evaluator_class)
);
create index figure_mark_day on figure_mark (day) where counted;

-- One anonymous answer; it names nobody (topic `ratings`).
create table figure_rating (
    rating_id uuid primary key,
    subject_kind text not null,
    subject text not null,
    evaluator_class text not null,
    answer text not null check (answer in ('satisfied', 'basically', 'unsatisfied', 'unknown')),
    campaign text,
    at timestamptz not null,
    day date not null
);
create index figure_rating_subject on figure_rating (subject_kind, subject, day);

create table figure_unit (
    code text primary key,
    name text not null,
    parent text,
    level text not null,
    kind text not null,
    region text not null,
    active boolean not null
);

-- Rulings of a supervisor that a ticket counts in no figure; one in force a ticket.
create table exclusion (
    exclusion_id uuid primary key,
    ticket_id uuid not null,
    reason text not null check (reason in ('voided', 'malicious', 'statutory', 'duplicate', 'test')),
    words text not null check (length(words) between 4 and 2000),
    ruled_by text not null,
    ruled_at timestamptz not null,
    ended_at timestamptz,
    ended_words text,
    ended_by text,
    seq int not null check (seq >= 1), -- of the ticket's rulings; the end is one of its own
    ended_seq int check (ended_seq > seq),
    history_hash bytea not null,
    check ((ended_at is null) = (ended_words is null)),
    check ((ended_at is null) = (ended_by is null)),
    check ((ended_at is null) = (ended_seq is null))
);
create unique index exclusion_in_force on exclusion (ticket_id) where ended_at is null;
create index exclusion_ticket on exclusion (ticket_id, seq);
create index exclusion_ruled on exclusion (ruled_at, exclusion_id);

-- A quarter's red and black list of one kind of subject: open to objections, then frozen for good.
create table ranking (
    ranking_id uuid primary key,
    subjects text not null check (subjects in ('units', 'streets', 'compounds', 'properties')),
    quarter text not null check (quarter ~ '^\d{4}Q[1-4]$'),
    state text not null check (state in ('objections', 'published')),
    opened_at timestamptz not null,
    objections_by timestamptz not null,
    published_at timestamptz,
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    unique (subjects, quarter),
    check ((state = 'published') = (published_at is not null)),
    check (published_at is null or published_at >= objections_by)
);
create table ranking_row (
    ranking_id uuid not null references ranking,
    subject text not null,
    name text not null,
    rank int check (rank >= 1), -- null: too few to be ranked
    change int, -- places won since the quarter before; null where there was no rank then
    n int not null check (n >= 0),
    score numeric,
    low numeric,
    high numeric,
    parts jsonb not null, -- each component: value, weight, n, coverage
    primary key (ranking_id, subject)
);
create table ranking_objection (
    objection_id uuid primary key,
    ranking_id uuid not null references ranking,
    subject text not null,
    words text not null check (length(words) between 4 and 2000),
    said_by text not null,
    said_at timestamptz not null,
    answer text,
    upheld boolean,
    answered_by text,
    answered_at timestamptz,
    check ((answered_at is null) = (answer is null)),
    check ((answered_at is null) = (upheld is null))
);
create index ranking_objection_of on ranking_objection (ranking_id, said_at);

-- The page for the leaders' morning, as it was at eight o'clock.
create table brief (
    day date primary key, -- the day it tells of
    made_at timestamptz not null,
    content jsonb not null
);

-- A second, empty set of the read model beside the first, to be filled and then put in its place.
-- It has the same names in a schema of its own, so that the same statements fill either.
create function figure_tables() returns text[] language sql immutable as $$
    select array['figure_position', 'figure_ticket', 'figure_round', 'figure_whistle',
        'figure_part', 'figure_mark', 'figure_rating', 'figure_unit']
$$;
create function make_figure_shadow() returns void language plpgsql as $$
declare
    here text := current_schema();
    name text;
    index record;
begin
    drop schema if exists figures_next cascade;
    create schema figures_next;
    foreach name in array figure_tables() loop
        execute format(
            'create table figures_next.%1$I (like %2$I.%1$I including defaults including constraints)',
            name, here
        );
        for index in
            select i.indexrelid::regclass::text as index_name, c.relname, i.indisprimary,
                pg_get_indexdef(i.indexrelid) as definition
            from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indrelid = format('%I.%I', here, name)::regclass
        loop
            execute replace(
                index.definition, format(' ON %I.', here), ' ON figures_next.'
            );
            if index.indisprimary then
                execute format(
                    'alter table figures_next.%I add primary key using index %I',
                    name, index.relname
                );
            end if;
        end loop;
    end loop;
    insert into figures_next.figure_position (place) values (0);
end $$;
create function swap_figure_shadow() returns void language plpgsql as $$
declare
    here text := current_schema();
    name text;
begin
    create schema figures_old;
    foreach name in array figure_tables() loop
        execute format('alter table %I.%I set schema figures_old', here, name);
        execute format('alter table figures_next.%I set schema %I', name, here);
    end loop;
    drop schema figures_old cascade;
    drop schema figures_next cascade;
end $$;
