-- Years whose days off were announced after this program was built; every service keeps its own.
create table calendar_year (
    year int primary key,
    holidays date[] not null,
    workdays date[] not null,
    source text not null, -- the notice that announced them
    loaded_at timestamptz not null,
    loaded_by text not null
);

-- An outage that a supervisor declared. The owners of due times work it off, a batch of aggregates
-- at a time: `place` is the last one looked at, `moved` how many had a due time in it.
create table outage (
    outage_id uuid primary key,
    from_at timestamptz not null,
    to_at timestamptz not null,
    reason text not null,
    declared_at timestamptz not null,
    place uuid not null,
    moved int not null,
    done_at timestamptz,
    check (from_at < to_at)
);
