-- When a grid's worker is away: the substitute takes the grid's first looks.
create table grid_absence (
    absence_id uuid primary key,
    grid text not null check (grid ~ '^\d{15}$'),
    absent_from timestamptz not null,
    absent_until timestamptz not null,
    reason text not null,
    told_by text not null, -- who marked it: role, and name where there is one
    told_at timestamptz not null,
    ended_at timestamptz, -- back earlier than told
    ended_by text,
    check (absent_until > absent_from),
    check ((ended_at is null) = (ended_by is null))
);
create index grid_absence_open on grid_absence (absent_until) where ended_at is null;
