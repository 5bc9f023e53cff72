-- name: sealed_under_other_keys
select (select count(*) from vault where key_id <> $1)
    + (select count(*) from vault_supplement where key_id <> $1)
    + (select count(*) from source_system where key_id <> $1 or former_key_id <> $1)
    + (select count(*) from phone_call where key_id <> $1)
    + (select count(*) from draft where key_id <> $1)
    + (select count(*) from harassment_mark where key_id <> $1)
    + (select count(*) from caller_note where key_id <> $1)
