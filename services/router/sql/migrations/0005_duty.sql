-- The duty list in versions, what rulings propose for it, and the units' coming and going.

-- Counts up with every change of the units or the published list: each copy of the router looks at
-- it about once a second and takes over what changed.
create table city_version (
    only_one boolean primary key default true check (only_one),
    version bigint not null
);
insert into city_version (version) values (1);

-- A version keeps its rows whole: a trace that names it ("@v3") can be read again years later.
create table duty_version (
    version int primary key check (version >= 1),
    state text not null check (state in ('draft', 'published', 'superseded', 'discarded')),
    based_on int references duty_version,
    note text not null,
    drafted_by text not null,
    drafted_at timestamptz not null,
    editors text[] not null, -- who drafted and edited: none of them may publish
    edits int not null default 0, -- how often its rows were changed: what a dry run was made of
    tried text, -- JSON of the last dry run: when, by whom, of which edit, with what totals
    published_by text,
    published_at timestamptz,
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    check ((published_at is not null) = (state in ('published', 'superseded'))),
    check ((published_by is null) = (published_at is null))
);
create unique index duty_version_one_published on duty_version (state) where state = 'published';
create unique index duty_version_one_draft on duty_version (state) where state = 'draft';

create table duty_row (
    version int not null references duty_version,
    duty_id uuid not null, -- the same row in every version that has it
    subject text not null, -- a category, or a function for all that it leads
    region text not null,
    condition text not null, -- "hours=22:00-06:00;season=10-15..04-15", or empty
    unit text not null,
    clause text not null check (clause <> ''),
    valid_from date not null,
    valid_to date, -- the last day
    primary key (version, duty_id),
    check (valid_to >= valid_from)
);

-- A ruling that named a unit becomes a proposed row; the same one again only adds its whistle.
create table duty_proposal (
    proposal_id uuid primary key,
    state text not null check (state in ('proposed', 'taken', 'adopted', 'dismissed')),
    subject text not null,
    region text not null,
    unit text not null,
    clause text not null check (clause <> ''),
    whistle_ids uuid[] not null,
    proposed_by text not null,
    proposed_at timestamptz not null,
    version int references duty_version, -- the version that took it
    decided_by text,
    decided_at timestamptz,
    reason text, -- why it was dismissed
    check ((version is not null) = (state in ('taken', 'adopted'))),
    check ((decided_at is not null) = (state <> 'proposed')),
    check ((decided_by is null) = (decided_at is null)),
    check ((reason is not null) = (state = 'dismissed'))
);
create unique index duty_proposal_once on duty_proposal (subject, region, unit)
    where state in ('proposed', 'taken');
create index duty_proposal_listed on duty_proposal (state, proposed_at, proposal_id);

-- A unit that was removed: its running assignments go to those above it.
alter table unit
    add column removed_at timestamptz,
    add column removed_why text,
    add check (active = (removed_at is null)),
    add check ((removed_at is null) = (removed_why is null));
