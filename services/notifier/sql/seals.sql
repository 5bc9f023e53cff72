-- name: addresses_under_other_keys
select person_id, key_id, sealed from duty_person where key_id <> $1
order by person_id limit $2 for update skip locked

-- name: reseal_addresses
update duty_person set key_id = $2, sealed = given.sealed
from unnest($1::uuid[], $3::bytea[]) as given (person_id, sealed)
where duty_person.person_id = given.person_id

-- name: sealed_under_other_keys
select count(*) from duty_person where key_id <> $1
