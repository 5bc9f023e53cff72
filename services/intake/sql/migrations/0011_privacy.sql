-- Personal data at its end: terms of keeping, requests of persons about their data.

create index ticket_ended on ticket (ended_at) where ended_at is not null;
create index claim_ticket on claim (ticket_id);
create index claim_old_keys on claim (at) where scope = 'key';
create index vault_key on vault (key_id);
create index vault_supplement_key on vault_supplement (key_id);

-- Who asked for the data of a person or for its erasure, why, and what came of it.
create table person_request (
    person_request_id bigint generated always as identity primary key,
    at timestamptz not null,
    kind text not null check (kind in ('export', 'erase')),
    role text not null,
    unit text,
    actor_name text,
    purpose text not null check (length(purpose) between 2 and 200),
    tickets int not null check (tickets >= 0), -- shown or erased
    kept int not null check (kept >= 0), -- left as they are, because they go on
    check (kind = 'erase' or kept = 0)
);

-- The ledger of looks stays append-only; only what is older than its term may go, and only by
-- whoever states the term in the transaction.
create or replace function disclosure_is_append_only() returns trigger language plpgsql as $$
declare
    term text := current_setting('shaodao.looks_since', true);
begin
    if tg_op = 'DELETE' and term is not null and term <> '' and old.at < term::timestamptz then
        return old;
    end if;
    raise exception 'the ledger of disclosures is append-only';
end $$;
drop trigger disclosure_append_only on disclosure;
create trigger disclosure_append_only before update or delete on disclosure
    for each row execute function disclosure_is_append_only();
create function disclosure_is_never_emptied() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger of disclosures is append-only';
end $$;
create trigger disclosure_never_emptied before truncate on disclosure
    for each statement execute function disclosure_is_never_emptied();
