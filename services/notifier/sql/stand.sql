-- What is open now, for the metrics.

-- name: open_deadlines
-- By kind, and by unit with where it is; since when the oldest of a kind is overdue. Walks the index
-- of states: those that have ended are most.
with counted as (
    select kind, unit, state, count(*) as n,
        min(due_by) filter (where state = 'missed' and paused_at is null) as overdue_since
    from deadline
    where state in ('running', 'paused', 'missed') and ended_at is null and not canary
    group by grouping sets ((kind, state), (unit, state))
)
select c.kind, c.unit, u.region, c.state, c.n, c.overdue_since
from counted c left join figure_unit u on u.code = c.unit
where c.kind is not null or c.unit is not null

-- name: audit_finished
select max(finished_at) from audit_run
