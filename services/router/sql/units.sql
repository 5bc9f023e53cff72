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

-- name: units
select code, name, parent, level, kind, function_codes, region_code, can_whistle, duty_24h,
    population, active, reachable
from unit order by code

-- name: lock_units
select pg_advisory_xact_lock(hashtextextended('units', 0))
