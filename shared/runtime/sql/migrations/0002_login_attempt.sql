-- Tries to sign in with a password, for the limits on them; wall time, kept for a day.
create table login_attempt (
    login_attempt_id bigint generated always as identity primary key,
    login text not null check (login = lower(login) and length(login) between 1 and 64),
    address text not null check (length(address) between 1 and 64),
    at timestamptz not null,
    succeeded boolean not null default false -- a try counts as failed until it is known
);
create index login_attempt_login on login_attempt (login, at) where not succeeded;
create index login_attempt_address on login_attempt (address, at) where not succeeded;
create index login_attempt_at on login_attempt (at);
