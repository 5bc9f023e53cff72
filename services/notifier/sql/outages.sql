-- name: put_outage
insert into outage_declared (
    outage_id, from_at, to_at, reason, declared_at, declared_by, moved
) values ($1, $2, $3, $4, $5, $6, 0)

-- name: lock_declarations
-- One after the other, until the end of the transaction: of two that overlap the second is told.
select pg_advisory_xact_lock(hashtext('outage_declared'))

-- name: overlapping
select outage_id, from_at, to_at, reason, declared_at, declared_by, moved from outage_declared
where tstzrange(from_at, to_at, '[]') && tstzrange($1, $2, '[]') limit 1

-- name: outages
select outage_id, from_at, to_at, reason, declared_at, declared_by, moved from outage_declared
order by from_at desc limit $1

-- name: count_moved
update outage_declared d set moved = d.moved + u.moved
from (select outage_id, sum(moved)::int as moved
    from unnest($1::uuid[], $2::int[]) as given (outage_id, moved) group by outage_id) as u
where d.outage_id = u.outage_id
