-- Personal data at its end. Every statement is bounded, so that a long backlog holds no lock long.

-- name: persons_past_term
-- Tickets that ended before $1 and still have somebody in the vault.
select ticket_id from ticket
where ended_at < $1
    and (
        exists (select from vault where vault.ticket_id = ticket.ticket_id)
        or exists (
            select from vault_supplement where vault_supplement.ticket_id = ticket.ticket_id
        )
    )
order by ended_at
limit $2

-- name: forget_persons
-- Whatever tells who asked for these tickets; what they asked for stays.
with supplements as (
    delete from vault_supplement where ticket_id = any($1::uuid[])
),
claims as (
    delete from claim where ticket_id = any($1::uuid[]) and scope = 'key'
),
photos as ( -- where somebody stood
    update photo set lat = null, lon = null
    where ticket_id = any($1::uuid[]) and lat is not null
)
delete from vault where ticket_id = any($1::uuid[])

-- name: forget_caller
-- What the desk keeps of a number besides tickets. A harassment mark stays to its end.
with calls as (
    update phone_call set key_id = null, sealed = null, phone_index = null
    where phone_index = any($1::bytea[])
),
notes as (
    delete from caller_note where phone_index = any($1::bytea[])
)
delete from draft where phone_index = any($1::bytea[])

-- name: forget_keys
delete from claim where (scope, key) in (
    select scope, key from claim where scope = 'key' and at < $1 limit $2
)

-- name: state_looks_term
select set_config('shaodao.looks_since', $1, true)

-- name: forget_ledgers
-- Who looked for a number, who took a list out, who asked for whose data.
with lookups as (delete from phone_lookup where at < $1),
exports as (delete from list_export where at < $1)
delete from person_request where at < $1

-- name: forget_looks
delete from disclosure where disclosure_id in (
    select disclosure_id from disclosure where at < $1 order by disclosure_id limit $2
)

-- name: vault_under_other_keys
select ticket_id, key_id, sealed from vault where key_id <> $1
order by ticket_id limit $2 for update skip locked

-- name: reseal_vault
update vault set key_id = $2, sealed = given.sealed, phone_index = given.phone_index
from unnest($1::uuid[], $3::bytea[], $4::bytea[]) as given (ticket_id, sealed, phone_index)
where vault.ticket_id = given.ticket_id

-- name: supplements_under_other_keys
select supplement_id, ticket_id, key_id, sealed from vault_supplement where key_id <> $1
order by supplement_id limit $2 for update skip locked

-- name: reseal_supplements
update vault_supplement set key_id = $2, sealed = given.sealed
from unnest($1::bigint[], $3::bytea[]) as given (supplement_id, sealed)
where vault_supplement.supplement_id = given.supplement_id

-- name: tickets_of_phone
-- Oldest first; the phone by its index under every key.
select ticket_id from vault where phone_index = any($1::bytea[]) order by ticket_id

-- name: supplements_of
select key_id, sealed, at from vault_supplement where ticket_id = $1 order by supplement_id

-- name: record_person_request
insert into person_request (at, kind, role, unit, actor_name, purpose, tickets, kept)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: person_requests
select person_request_id, at, kind, role, unit, actor_name, purpose, tickets, kept
from person_request where person_request_id < $1
order by person_request_id desc limit $2

-- name: tickets_past_term
select ticket_id from ticket where ended_at < $1 order by ended_at limit $2 for update skip locked

-- name: forget_tickets
-- Everything of these tickets but their history, which tells states and officials only.
with vaults as (delete from vault where ticket_id = any($1::uuid[])),
supplements as (delete from vault_supplement where ticket_id = any($1::uuid[])),
claims as (delete from claim where ticket_id = any($1::uuid[])),
promises as (delete from promise where ticket_id = any($1::uuid[])),
calls as (delete from unit_call where ticket_id = any($1::uuid[])),
lines as (delete from timeline where ticket_id = any($1::uuid[])),
rang as (update phone_call set ticket_id = null where ticket_id = any($1::uuid[])),
taken as (delete from taken_down where ticket_id = any($1::uuid[])),
links as (delete from ticket_link where ticket_id = any($1::uuid[])),
wishes as (
    delete from join_wish where ticket_id = any($1::uuid[]) or joins = any($1::uuid[])
),
asked as (delete from info_request where ticket_id = any($1::uuid[])),
merges as (
    delete from ticket_merge where ticket_id = any($1::uuid[]) or parent_id = any($1::uuid[])
),
relations as (
    delete from ticket_relation where ticket_id = any($1::uuid[]) or other_id = any($1::uuid[])
),
tries as (delete from callback_try where ticket_id = any($1::uuid[])),
tasks as (delete from callback_task where ticket_id = any($1::uuid[]))
delete from ticket where ticket_id = any($1::uuid[])

-- name: secrets_under_other_keys
select system, key_id, sealed, former_key_id, former_sealed from source_system
where key_id <> $1 or former_key_id <> $1
order by system limit $2 for update skip locked

-- name: reseal_secret
update source_system set key_id = $2, sealed = $3, former_key_id = $4, former_sealed = $5
where system = $1
