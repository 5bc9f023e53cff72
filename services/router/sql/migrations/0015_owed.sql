-- What a whistle's blower and its evaluators still owe: the note of a community's own effort, marks.
create table owed (
    whistle_id uuid not null references whistle,
    kind text not null check (kind in ('own_effort', 'evaluation')),
    unit text not null, -- who owes it
    due text not null, -- JSON of values.Due
    due_by timestamptz not null,
    primary key (whistle_id, kind, unit)
);
create index owed_due on owed (due_by);

-- Decisions whose due time rests on a year not announced yet: few, at the end of a year.
create index review_provisional on review (whistle_id)
    where state = 'pending' and due like '%"provisional":true%';
