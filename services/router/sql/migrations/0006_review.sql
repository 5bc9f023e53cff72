-- What waits for a reviewer or the supervisor, and what units told citizens when they resolved.

-- A projection of the facts: opened by what a unit asks, settled by what is decided or overtakes it.
create table review (
    review_id uuid primary key, -- the id of the event that opened it
    kind text not null
        check (kind in ('return', 'adjudication', 'dispute', 'extension', 'suspension',
                        'suspension_review', 'resolution', 'release', 'no_owner')),
    whistle_id uuid not null references whistle,
    assignment_id uuid, -- none while nobody owns the matter
    unit text,
    relation text check (relation in ('lead', 'assisting', 'informed')),
    for_role text not null,
    asked_at timestamptz not null,
    asked_by text not null, -- JSON of parts.Actor
    request text not null, -- JSON of the fact's own fields
    due text not null, -- JSON of values.Due
    due_by timestamptz not null,
    category text,
    lead_function text, -- of the category: likely rulings are told by it
    state text not null default 'pending'
        check (state in ('pending', 'granted', 'refused', 'lapsed')),
    decided_at timestamptz,
    decided_by text, -- JSON of parts.Actor
    reason text,
    holder text, -- who had the matter after a ruling: the new unit, or the one that asked
    check ((kind = 'no_owner') = (assignment_id is null)),
    check ((assignment_id is null) = (unit is null)),
    check ((state = 'pending') = (decided_at is null)),
    check (state in ('pending', 'lapsed') or decided_by is not null)
);
create index review_pending on review (due_by, review_id) where state = 'pending';
create unique index review_once on review (whistle_id, coalesce(assignment_id, whistle_id), kind)
    where state = 'pending';
create index review_decided on review (due_by, review_id) where state <> 'pending';
create index review_of_unit on review (unit, due_by, review_id);
create index review_ruled on review (unit, lead_function)
    where holder is not null and kind in ('return', 'adjudication', 'dispute');

-- The public reply of each final resolution that was not a copy: later ones are held against it.
create table reply (
    whistle_id uuid primary key references whistle,
    ticket_id uuid not null,
    unit text not null,
    number text not null,
    text text not null,
    at timestamptz not null
);
create index reply_of_unit on reply (unit, at desc);

alter table ticket add column group_flagged boolean not null default false; -- many callers, one matter
