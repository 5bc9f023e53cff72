-- The fact log: every fact heard, as it was told. Figures, audit and rebuild stand on it.
-- Partitions are made ahead, and at need before a batch is written; there is no default
-- partition, as one with rows in it would stand in the way of the real one.
create table fact (
    topic text not null,
    event_id text not null,
    type text not null,
    subject text not null,
    seq int, -- place in the subject's history; none for units and ratings
    at timestamptz not null, -- effective time
    heard_at timestamptz not null,
    event jsonb not null -- the whole envelope
) partition by range (at);
create index fact_subject on fact (subject, seq);

-- Makes the month's partition unless it is there; true when it was. Attaching takes a lock that
-- lets other transactions go on writing, which creating it in place would not. Looks in pg_class,
-- as to_regclass remembers what was not there before the wait for the lock.
create function ensure_fact_month(month_start timestamptz, month_end timestamptz) returns boolean
language plpgsql as $$
declare
    partition text := 'fact_' || to_char(month_start at time zone 'UTC', 'YYYY_MM');
begin
    if fact_month_exists(partition) then
        return true;
    end if;
    perform pg_advisory_xact_lock(hashtext('ensure_fact_month'));
    if fact_month_exists(partition) then
        return true;
    end if;
    execute format('create table %I (like fact including defaults including constraints)', partition);
    execute format(
        'alter table fact attach partition %I for values from (%L) to (%L)',
        partition, month_start, month_end
    );
    return false;
end $$;
create function fact_month_exists(partition text) returns boolean language sql volatile as $$
    select exists (
        select from pg_class
        where relname = partition and relnamespace = current_schema()::regnamespace
    )
$$;

-- What is known of a ticket and of a whistle beside its promises. Facts of two topics come in any
-- order: what came early waits here for the other. These rows are locked before the deadlines.
create table ticket_known (
    ticket_id uuid primary key,
    number text, -- null until it is registered
    dispatched_at timestamptz,
    group_matter boolean not null default false,
    urged_at timestamptz,
    urged_count int not null default 0,
    urged_seq int
);
create table whistle_known (
    whistle_id uuid primary key,
    number text not null,
    urgency text not null check (urgency in ('critical', 'urgent', 'normal')),
    group_matter boolean not null default false,
    ticket_ids uuid[] not null,
    blown_at timestamptz not null
);
create index whistle_known_tickets on whistle_known using gin (ticket_ids);

-- One row a promise. Rows that have ended (`ended_at`) may be moved away by month: nothing but
-- this table's own keys points at them, and a late fact about one that is gone is passed over.
create table deadline (
    deadline_id uuid primary key, -- uuid5 of owner, kind and round
    kind text not null check (kind in (
        'dispatch', 'callback', 'citizen', 'acknowledge', 'deemed', 'contact', 'arrive', 'resolve',
        'ruling', 'review', 'extension', 'suspension', 'takeover')),
    round int not null check (round >= 1),
    ticket_id uuid,
    whistle_id uuid,
    assignment_id uuid,
    unit text,
    ticket_ids uuid[] not null, -- all tickets of the whistle, for notices
    number text not null, -- of the whistle, else of the ticket
    urgency text not null check (urgency in ('critical', 'urgent', 'normal')),
    group_matter boolean not null,
    canary boolean not null,
    state text not null check (state in ('running', 'paused', 'met', 'missed', 'cancelled')),
    late boolean not null, -- missed, or met after the due time
    due_by timestamptz not null,
    due_rule text not null,
    due_started_at timestamptz not null,
    due_calendar text not null,
    due_policy text not null,
    due_provisional boolean not null,
    counted_from timestamptz not null, -- start of the limit, moved on by every pause
    term int not null check (term >= 1), -- +1 when its rungs may fire anew
    fired text[] not null, -- rungs that fired in this term
    next_rung text,
    fire_at timestamptz,
    paused_at timestamptz,
    met_at timestamptz,
    ended_at timestamptz, -- met, cancelled, or missed and no longer climbing
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    traceparent text,
    check ((state = 'met') = (met_at is not null)),
    check (state not in ('met', 'cancelled') or ended_at is not null),
    check (state not in ('running', 'paused') or (ended_at is null and not late)),
    check (state <> 'missed' or late),
    check ((state = 'paused') <= (paused_at is not null)),
    check ((fire_at is null) = (next_rung is null)),
    -- only what can still fire has a time to fire at
    check (fire_at is null or (ended_at is null and paused_at is null)),
    check (ticket_id is not null or whistle_id is not null),
    check ((assignment_id is null) = (unit is null))
);
create index deadline_fire_at on deadline (fire_at) where fire_at is not null;
create index deadline_whistle on deadline (whistle_id) where whistle_id is not null;
create index deadline_ticket on deadline (ticket_id) where ticket_id is not null;
create index deadline_unit on deadline (unit, due_by, deadline_id) where unit is not null;
create index deadline_state on deadline (state, due_by, deadline_id);
