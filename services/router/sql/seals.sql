-- name: secrets_under_other_keys
select unit, key_id, sealed, former_key_id, former_sealed from webhook
where key_id <> $1 or former_key_id <> $1
order by unit limit $2 for update skip locked

-- name: reseal_secret
update webhook set key_id = $2, sealed = $3, former_key_id = $4, former_sealed = $5
where unit = $1

-- name: sealed_under_other_keys
select count(*) from webhook where key_id <> $1 or former_key_id <> $1
