-- Systems that tickets come from and are told of them: the other hotlines, apps, Open311 clients.

create table source_system (
    system text primary key check (system ~ '^[a-z0-9][a-z0-9_-]{0,49}$'),
    name text not null,
    line text, -- the former hotline it stands for
    webhook_url text,
    key_id text, -- of the vault, which seals the signing secret
    sealed bytea,
    former_key_id text, -- the secret before, good until then
    former_sealed bytea,
    former_until timestamptz,
    disabled_at timestamptz, -- told nothing any more, as the other side answered that it is gone
    disabled_why text,
    created_at timestamptz not null,
    created_by text,
    check ((webhook_url is null) = (sealed is null)),
    check ((sealed is null) = (key_id is null)),
    check (num_nulls(former_key_id, former_sealed, former_until) in (0, 3)),
    check ((disabled_at is null) = (disabled_why is null)),
    check (disabled_at is null or webhook_url is not null)
);

-- Keys of 256 random bits: found and checked by their hash, shown once when they are made.
create table api_key (
    key_id uuid primary key,
    system text not null references source_system,
    prefix text not null, -- what people tell keys apart by
    key_hash bytea not null unique check (length(key_hash) = 32),
    scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ '{tickets,open311,calls}'),
    created_at timestamptz not null,
    created_by text,
    revoked_at timestamptz,
    last_used date
);
create index api_key_system on api_key (system, key_id);
