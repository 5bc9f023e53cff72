-- What the verbs of a ticket and the callback clerks need beside the ticket itself.

-- A person is asked for more once, a rejection appealed once, a closed ticket reopened once.
create unique index history_once on history (aggregate_id, what)
    where what in ('ask_info', 'appeal', 'reopen');

create index ticket_to_archive on ticket (ended_at)
    where ended_at is not null and state <> 'archived';

-- What was asked for, and the share of the dispatch limit that was left where it stands still.
create table info_request (
    ticket_id uuid primary key references ticket,
    asked_at timestamptz not null,
    missing text[] not null check (cardinality(missing) between 1 and 10),
    dispatch_share double precision check (dispatch_share > 0 and dispatch_share <= 1),
    supplied_at timestamptz check (supplied_at >= asked_at)
);

-- The ticket follows another until `ended_at`: undone, or called back by itself.
create table ticket_merge (
    ticket_merge_id bigint generated always as identity primary key,
    ticket_id uuid not null references ticket,
    parent_id uuid not null references ticket,
    at timestamptz not null,
    ended_at timestamptz,
    undone boolean,
    check (ticket_id <> parent_id),
    check ((ended_at is null) = (undone is null))
);
create unique index ticket_merge_once on ticket_merge (ticket_id) where ended_at is null;
create index ticket_merge_parent on ticket_merge (parent_id) where ended_at is null;

-- Related matters; each pair once.
create table ticket_relation (
    ticket_id uuid not null references ticket,
    other_id uuid not null references ticket,
    at timestamptz not null,
    primary key (ticket_id, other_id),
    check (ticket_id < other_id)
);
create index ticket_relation_other on ticket_relation (other_id);

-- One callback to be made, a round each. A clerk who holds it sees the person's contact.
create table callback_task (
    ticket_id uuid not null references ticket,
    round int not null check (round >= 1),
    region text,
    opened_at timestamptz not null,
    due_by timestamptz not null,
    next_from timestamptz not null, -- the next try is not before
    tries int not null default 0 check (tries between 0 and 3),
    version int not null default 1 check (version >= 1),
    holder text, -- the clerk's login, else the name
    held_until timestamptz,
    ended_at timestamptz,
    primary key (ticket_id, round),
    check ((holder is null) = (held_until is null)),
    check (ended_at is null or holder is null)
);
create unique index callback_task_one on callback_task (ticket_id) where ended_at is null;
create index callback_task_open on callback_task (due_by, ticket_id) where ended_at is null;
create index callback_task_held on callback_task (holder, due_by) where holder is not null;

create table callback_try (
    ticket_id uuid not null,
    round int not null,
    attempt int not null check (attempt between 1 and 3),
    at timestamptz not null,
    role text not null,
    actor_name text, -- an official's; a citizen's answer has none
    result text not null check (result in ('solved', 'partly', 'unsolved', 'unreachable')),
    satisfaction text not null
        check (satisfaction in ('satisfied', 'basically', 'unsatisfied', 'unknown')),
    primary key (ticket_id, round, attempt),
    foreign key (ticket_id, round) references callback_task,
    check (result <> 'unreachable' or satisfaction = 'unknown')
);

-- Callbacks that are open when this is applied.
insert into callback_task (ticket_id, round, region, opened_at, due_by, next_from, tries)
select ticket.ticket_id, ticket.round, ticket.region, promise.due_started_at, promise.due_by,
    promise.due_started_at, ticket.callback_tries
from ticket
join promise on promise.ticket_id = ticket.ticket_id and promise.owner_id = ticket.ticket_id
    and promise.kind = 'callback' and promise.round = ticket.round
where ticket.state = 'callback';
