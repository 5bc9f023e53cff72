-- name: changes_since
-- What was done after a version, each with the timeline's words of the same moment.
select h.seq, h.at, h.what, h.role, h.unit, h.actor_name, h.after,
    (
        select string_agg(t.zh, '；' order by t.timeline_id)
        from timeline t
        where t.ticket_id = h.aggregate_id and t.at = h.at
    ) as zh
from history h
where h.aggregate_id = $1 and h.seq > $2
order by h.seq
limit 50

-- name: was_done
select exists (select from history where aggregate_id = $1 and what = $2) as done

-- name: to_archive
-- A batch of those that ended long enough ago, locked; those locked by others come later.
select ticket_id from ticket
where ended_at <= $1 and ended_at is not null and state <> 'archived'
order by ended_at
limit $2
for update skip locked
