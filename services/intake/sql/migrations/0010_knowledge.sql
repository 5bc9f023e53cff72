-- The knowledge base, version by version, and short texts that people write again and again.

create table article (
    article_id uuid primary key,
    at timestamptz not null
);

-- One version of an article. What is published stays as it was read; a change is a new version,
-- which stands beside it as a draft until somebody else approves it.
create table article_version (
    article_id uuid not null references article,
    version int not null check (version >= 1),
    state text not null check (state in ('draft', 'published', 'superseded', 'withdrawn')),
    revision int not null check (revision >= 1), -- of the draft, against overwriting
    title text not null check (length(title) between 2 and 80),
    body text not null check (length(body) between 10 and 20000),
    keywords text[] not null check (cardinality(keywords) <= 20),
    categories text[] not null check (cardinality(categories) <= 20), -- minor or major codes
    region text, -- null: the whole city
    owner_unit text not null,
    expires_on date not null, -- the last day on which it may be quoted
    remark text, -- what changed and why
    head_terms bigint[] not null, -- of title and keywords
    terms bigint[] not null, -- of everything
    written_by text not null, -- a login
    writer_name text not null,
    written_at timestamptz not null,
    approved_by text,
    approver_name text,
    approved_at timestamptz,
    ended_at timestamptz, -- superseded or withdrawn
    primary key (article_id, version),
    check ((state = 'draft') = (approved_at is null)),
    check ((approved_at is null) = (approved_by is null)),
    check ((approved_at is null) = (approver_name is null)),
    check ((ended_at is not null) = (state in ('superseded', 'withdrawn'))),
    check (approved_by is null or approved_by <> written_by)
);
create unique index article_one_draft on article_version (article_id) where state = 'draft';
create unique index article_one_published on article_version (article_id)
    where state = 'published';
create index article_terms on article_version using gin (terms) where state = 'published';
create index article_categories on article_version using gin (categories)
    where state = 'published';
create index article_expiry on article_version (expires_on, article_id)
    where state = 'published';
create index article_owner on article_version (owner_unit, article_id);

-- A short text with places to fill in, such as {地点}.
create table phrase (
    phrase_id uuid primary key,
    account text not null, -- the owner's login
    owner_name text not null,
    use text not null check (use in ('description', 'answer', 'callback')),
    title text not null check (length(title) between 1 and 40),
    body text not null check (length(body) between 2 and 2000),
    category text, -- minor or major; null: any
    shared boolean not null,
    at timestamptz not null,
    unique (account, use, title)
);
create index phrase_shared on phrase (use, title) where shared;
