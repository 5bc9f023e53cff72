-- name: unit_seed
insert into unit (code, seq, name, parent, level, kind, function_codes, region_code, can_whistle,
    duty_24h, population, active, reachable, history_hash)
select n.code, 1, n.name, n.parent, n.level, n.kind,
    string_to_array(n.functions, ';'), n.region_code, n.can_whistle, n.duty_24h, n.population,
    true, true, n.history_hash
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::boolean[], $9::boolean[], $10::int[], $11::bytea[])
    as n (code, name, parent, level, kind, functions, region_code, can_whistle, duty_24h,
          population, history_hash)
on conflict (code) do nothing
returning code

-- name: unit_add
insert into unit (code, seq, name, parent, level, kind, function_codes, region_code, can_whistle,
    duty_24h, population, active, reachable, removed_at, removed_why, history_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)

-- name: unit_update
update unit
set seq = $2, name = $3, parent = $4, function_codes = $5, region_code = $6, can_whistle = $7,
    duty_24h = $8, population = $9, active = $10, reachable = $11, removed_at = $12,
    removed_why = $13, history_hash = $14
where code = $1

-- name: units
select code, seq, name, parent, level, kind, function_codes, region_code, can_whistle, duty_24h,
    population, active, reachable, removed_at, removed_why, history_hash
from unit order by code

-- name: lock_units
-- Units are changed one after the other: what is checked of the others stays true.
select pg_advisory_xact_lock(hashtextextended('units', 0))

-- name: left_with
-- Running whistles in which one of these units still has something to do.
select distinct a.whistle_id
from assignment a
join whistle w on w.whistle_id = a.whistle_id
where a.unit = any($1::text[]) and not a.whistle_id = any($2::uuid[])
    and a.state not in ('done', 'returned', 'released')
    and w.state in ('open', 'awaiting_acceptance')
order by a.whistle_id limit $3
