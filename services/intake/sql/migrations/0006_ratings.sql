-- Anonymous ratings. A code that was used is deleted, in the transaction that adds its vote: no
-- row is left that shares a transaction, a place or a time with the vote. Votes know the hour only
-- and are told to others after it, in the order of their random ids.
create table rating_campaign (
    campaign_id uuid primary key,
    title text not null check (length(title) between 2 and 100),
    subject_kind text not null check (subject_kind in ('unit', 'compound', 'event')),
    subject text not null check (length(subject) between 1 and 100),
    subject_name text not null,
    evaluator_class text not null,
    region text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    made_by text not null,
    made_at timestamptz not null,
    codes int not null default 0 check (codes >= 0), -- made so far, used or not
    check (starts_at < ends_at)
);
create index rating_campaign_region on rating_campaign (region text_pattern_ops, campaign_id);

-- Codes not used yet, by their keyed hash.
create table rating_code (
    code_hash bytea primary key,
    campaign_id uuid not null references rating_campaign
);
create index rating_code_campaign on rating_code (campaign_id);

create table rating_vote (
    vote_id uuid primary key, -- random
    campaign_id uuid not null references rating_campaign,
    hour timestamptz not null check (hour = date_trunc('hour', hour, 'UTC')),
    answers jsonb not null check (jsonb_typeof(answers) = 'object'),
    told boolean not null default false
);
create index rating_vote_campaign on rating_vote (campaign_id);
create index rating_vote_untold on rating_vote (vote_id) where not told;
