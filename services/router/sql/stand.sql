-- What is open now, for the metrics.

-- name: open_whistles
-- Each part walks an index of its own.
select kind, state, left(region, 6) as district, count(*) as n from whistle
where state = 'held' and not canary
group by kind, state, district
union all
select kind, state, left(region, 6) as district, count(*) as n from whistle
where state in ('open', 'awaiting_acceptance') and not canary
group by kind, state, district

-- name: open_assignments
select a.unit, a.state, count(*) as n
from whistle w join assignment a using (whistle_id)
where w.state in ('open', 'awaiting_acceptance') and not w.canary and a.running
group by a.unit, a.state

-- name: oldest_held
select min(t.registered_at)
from whistle w join ticket t on t.ticket_id = w.demand_ticket
where w.state = 'held' and not w.canary
