-- name: lock_rota
-- Changes of the rota come one after the other: what is checked of the others stays true.
select pg_advisory_xact_lock(hashtextextended('rota', 0))

-- name: rota_version
select version from rota_version

-- name: rota_changed
update rota_version set version = version + 1

-- name: rota_is_empty
select not exists (select from duty_shift)

-- name: units_on_file
select code, region from duty_unit

-- name: declare_units
insert into duty_unit (code, name, region, active)
select distinct on (u.code) u.code, u.name, u.region, u.active
from unnest($1::text[], $2::text[], $3::text[], $4::boolean[])
    with ordinality as u (code, name, region, active, place)
order by u.code, u.place desc
on conflict (code) do update set
    name = excluded.name, region = excluded.region, active = excluded.active
where (duty_unit.name, duty_unit.region, duty_unit.active)
    is distinct from (excluded.name, excluded.region, excluded.active)
returning code

-- name: seed_units
insert into duty_unit (code, name, region, active)
select code, name, region, true from unnest($1::text[], $2::text[], $3::text[])
    as u (code, name, region)
on conflict do nothing

-- name: shifts_from
-- Shifts that have not ended by then.
select shift_id, post, unit, region, person_id, starts_at, ends_at
from duty_shift where ends_at is null or ends_at > $1
order by starts_at, shift_id

-- name: substitutes_from
select substitute_id, shift_id, person_id, starts_at, ends_at
from duty_substitute where ends_at > $1 order by starts_at, substitute_id

-- name: list_shifts
select s.*, p.name, p.channels from duty_shift s join duty_person p using (person_id)
where ($1::text is null or s.unit = $1)
    and ($2::text is null or s.region = $2)
    and ($3::text is null or s.post = $3)
    and (s.ends_at is null or s.ends_at > $4)
    and ($5::uuid is null or s.shift_id > $5)
order by s.shift_id limit $6

-- name: substitutes_of
select t.*, p.name, p.channels from duty_substitute t join duty_person p using (person_id)
where t.shift_id = any($1::uuid[]) and t.ends_at > $2 order by t.starts_at, t.substitute_id

-- name: lock_shift
select s.*, p.name, p.channels from duty_shift s join duty_person p using (person_id)
where s.shift_id = $1 for update of s

-- name: shifts_of_seats
-- What stands at these seats already.
select s.post, coalesce(s.unit, s.region) as place, s.person_id, p.name, s.starts_at, s.ends_at
from duty_shift s join duty_person p using (person_id)
where coalesce(s.unit, s.region) = any($1::text[])

-- name: add_persons
insert into duty_person (
    person_id, name, unit, region, channels, key_id, sealed, seq, history_hash)
select u.person_id, u.name, u.unit, u.region, string_to_array(u.channels, ' '), u.key_id,
    u.sealed, 1, u.history_hash
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
    $8::bytea[]
) as u (person_id, name, unit, region, channels, key_id, sealed, history_hash)

-- name: lock_person
select person_id, name, unit, region, channels, seq, history_hash
from duty_person where person_id = $1 for update

-- name: set_contact
update duty_person set channels = $2, key_id = $3, sealed = $4, seq = $5, history_hash = $6
where person_id = $1

-- name: persons_named
select person_id, name, unit, region, channels from duty_person
where coalesce(unit, region) = any($1::text[])

-- name: sealed_contact
select key_id, sealed from duty_person where person_id = $1

-- name: add_shifts
insert into duty_shift (
    shift_id, post, unit, region, person_id, starts_at, ends_at, seq, history_hash)
select u.shift_id, u.post, u.unit, u.region, u.person_id, u.starts_at, u.ends_at, 1, u.hash
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[],
    $7::timestamptz[], $8::bytea[]
) as u (shift_id, post, unit, region, person_id, starts_at, ends_at, hash)

-- name: end_shift
update duty_shift set ends_at = $2, ended_why = $3, seq = $4, history_hash = $5
where shift_id = $1

-- name: add_substitute
insert into duty_substitute (substitute_id, shift_id, person_id, starts_at, ends_at, reason)
values ($1, $2, $3, $4, $5, $6)

-- name: touch_shift
update duty_shift set seq = $2, history_hash = $3 where shift_id = $1

-- name: active_units
select code, name, region from duty_unit where active order by code
