-- The supervision board: what is overdue, from the worst on, and what people look at again.
create index deadline_overdue on deadline (due_by, deadline_id)
    where state = 'missed' and ended_at is null and paused_at is null and not canary;
create index figure_part_open on figure_part (kind, whistle_id) where ended_at is null;

-- A board as somebody set it, under a name; `query` as an address carries it.
create table board_view (
    view_id uuid primary key,
    account text not null, -- the owner's login
    name text not null check (length(name) between 1 and 40),
    query text not null check (length(query) <= 1000),
    at timestamptz not null,
    unique (account, name)
);
