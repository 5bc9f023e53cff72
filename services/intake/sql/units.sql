-- name: unit_heard
-- They come in order, on one partition: the last word counts.
insert into unit (code, declared)
select n.code, n.declared from unnest($1::text[], $2::text[]) as n (code, declared)
on conflict (code) do update
set declared = excluded.declared, change = nextval('unit_change')
where unit.declared <> excluded.declared

-- name: units_since
select code, declared, change from unit where change > $1 order by change
