-- Outages that a supervisor declared; `moved` counts the due times that their owners moved for it.
create table outage_declared (
    outage_id uuid primary key,
    from_at timestamptz not null,
    to_at timestamptz not null,
    reason text not null,
    declared_at timestamptz not null,
    declared_by text not null,
    moved int not null,
    check (from_at < to_at),
    check (to_at <= declared_at),
    exclude using gist (tstzrange(from_at, to_at, '[]') with &&) -- else a due time moves twice
);
