-- The auditor: what it looked at, what it found, and when it looks again. And the canary's rounds.
-- Times here are wall time, but for `as_of` and `next_at`, which are domain time.
create table audit_run (
    run_id uuid primary key,
    whole boolean not null, -- every ticket and whistle, not only what was touched or fell due
    by_role text not null,
    by_name text,
    started_at timestamptz not null,
    finished_at timestamptz, -- null: it runs, or was broken off
    as_of timestamptz not null,
    subjects bigint not null default 0,
    deadlines bigint not null default 0,
    facts bigint not null default 0,
    unknown bigint not null default 0, -- promises of a kind the auditor has no model of
    found int not null default 0, -- mismatches that were new
    settled int not null default 0, -- mismatches that are none any more
    check (finished_at is null or finished_at >= started_at)
);
create index audit_run_started on audit_run (started_at desc);

-- Never repaired by the auditor: `settled` says that a later audit found it no more.
create table audit_mismatch (
    mismatch_id bigint generated always as identity primary key,
    subject uuid not null, -- whistle_id, else ticket_id
    deadline_id uuid not null,
    kind text not null check (kind in (
        'missing_rung', 'extra_rung', 'wrong_time', 'late_fired', 'wrong_next', 'wrong_state',
        'wrong_due', 'missing_deadline', 'extra_deadline', 'broken_history_hash')),
    what text not null, -- the rung, the column: tells apart several of a kind
    expected text not null,
    found text not null,
    state text not null check (state in ('open', 'settled')),
    first_run uuid not null references audit_run,
    last_run uuid not null references audit_run,
    found_at timestamptz not null,
    seen_at timestamptz not null,
    settled_at timestamptz,
    check ((state = 'settled') = (settled_at is not null))
);
create unique index audit_mismatch_once on audit_mismatch (deadline_id, kind, what)
    where state = 'open';
create index audit_mismatch_subject on audit_mismatch (subject) where state = 'open';

-- What was audited when, and when a rung falls due by the facts alone.
create table audit_subject (
    subject uuid primary key,
    audited_at timestamptz not null,
    next_at timestamptz -- domain time; null: nothing more can fire
) with (fillfactor = 80);
create index audit_subject_next on audit_subject (next_at) where next_at is not null;
create index audit_subject_oldest on audit_subject (audited_at);

-- Which whistles are about which tickets, from the facts: their facts bear on one another.
create table audit_link (
    ticket_id uuid not null,
    whistle_id uuid not null,
    primary key (ticket_id, whistle_id)
);
create index audit_link_whistle on audit_link (whistle_id);

-- Facts are read by when they were heard; each month's table is written in that order.
create index fact_heard on fact using brin (heard_at) with (pages_per_range = 16);

-- Signs of life of any copy, and the times without: what fell due within is judged from their end.
create table audit_pulse (
    only_one boolean primary key check (only_one),
    at timestamptz not null
);
create table audit_gap (
    since timestamptz not null,
    until timestamptz primary key,
    check (until > since)
);

-- One ticket of the canary on its way through the whole path, by when each hop was heard here.
create table canary_round (
    ticket_id uuid primary key,
    whistle_id uuid,
    registered_at timestamptz, -- domain times of the facts
    blown_at timestamptz,
    acknowledged_at timestamptz,
    withdrawn_at timestamptz,
    ended_at timestamptz, -- the whistle ended
    heard_at timestamptz not null, -- wall time of the last of them
    completed_at timestamptz -- wall time at which all were heard
);
create index canary_round_completed on canary_round (completed_at desc)
    where completed_at is not null;
create index canary_round_heard on canary_round (heard_at);
