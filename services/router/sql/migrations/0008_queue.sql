-- Who has a held ticket, and the merges whose two leads a dispatcher must decide between.

-- One row a held ticket that was handed over; the history tells the ways before.
create table desk (
    whistle_id uuid primary key references whistle,
    to_role text not null check (to_role in ('dispatcher', 'shift_lead', 'supervisor')),
    to_name text,
    note text not null,
    by_role text not null,
    by_name text,
    at timestamptz not null
);

-- A ticket was merged while two units led the one matter: both go on until somebody decides.
create table merge_question (
    ticket_id uuid not null references ticket,
    whistle_id uuid not null references whistle,
    into_ticket_id uuid not null references ticket,
    into_whistle_id uuid not null references whistle,
    asked_at timestamptz not null,
    due text not null, -- JSON of values.Due
    decision text check (decision in ('kept_into', 'kept_own', 'kept_both', 'undone')),
    decided_at timestamptz,
    decided_by_role text,
    decided_by_name text,
    reason text,
    primary key (ticket_id, asked_at),
    check (ticket_id <> into_ticket_id and whistle_id <> into_whistle_id),
    check ((decision is null) = (decided_at is null)),
    check ((decision is null) = (decided_by_role is null))
);
create unique index merge_question_open on merge_question (ticket_id) where decision is null;
