-- name: open_tickets
-- Walks the index of states: those that have ended are most.
select channel, state, left(region, 6) as district, count(*) as n from ticket
where state = any($1::text[]) and not canary
group by channel, state, district
