-- The statements of source systems and their keys, by name. Times are parameters, on wall time.

-- name: add_source
insert into source_system (system, name, line, webhook_url, key_id, sealed, created_at, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (system) do nothing
returning system

-- name: change_source
-- A new address is a new beginning: what kept the webhook off is forgotten.
update source_system set
    name = $2, line = $3, webhook_url = $4, key_id = $5, sealed = $6,
    former_key_id = $7, former_sealed = $8, former_until = $9,
    disabled_at = null, disabled_why = null
where system = $1

-- name: sources
select * from source_system where $1::text is null or system = $1 order by system

-- name: source_for_update
select * from source_system where system = $1 for update

-- name: disable_webhook
update source_system set disabled_at = $2, disabled_why = $3
where system = $1 and webhook_url is not null and disabled_at is null

-- name: systems_told
-- Which of these are told of changes.
select system from source_system
where system = any($1::text[]) and webhook_url is not null and disabled_at is null

-- name: add_api_key
insert into api_key (key_id, system, prefix, key_hash, scopes, created_at, created_by)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: api_keys_of
select * from api_key where system = $1 order by key_id

-- name: revoke_api_key
update api_key set revoked_at = $3
where system = $1 and key_id = $2 and revoked_at is null
returning key_id

-- name: api_key_of_hash
select api_key.*, source_system.line from api_key join source_system using (system)
where key_hash = $1 and revoked_at is null

-- name: api_key_used
-- Once a day and key; a day is told, no more.
update api_key set last_used = $2 where key_id = $1 and last_used is distinct from $2
