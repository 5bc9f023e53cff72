-- What a unit's workbench reads of its parts.

-- name: unit_running
-- The whistles a unit has a part in that are not over.
select w.whistle_id
from whistle w
where w.state in ('open', 'awaiting_acceptance')
    and exists (select from assignment a
        where a.whistle_id = w.whistle_id and a.unit = $1 and a.running)
order by w.whistle_id

-- name: unit_ended
-- Those that are over, or that the unit left; newest first.
select w.whistle_id
from whistle w
where exists (select from assignment a where a.whistle_id = w.whistle_id and a.unit = $1)
    and (w.state in ('accepted', 'closed', 'withdrawn')
        or not exists (select from assignment a
            where a.whistle_id = w.whistle_id and a.unit = $1 and a.running))
    and ($2::uuid is null or w.whistle_id < $2)
order by w.whistle_id desc
limit $3

-- name: unit_parts
-- A unit's parts in the whistles of a time, with what the figures need of the whistle.
select a.*, w.number, w.kind, w.round, w.urgency, w.state as whistle_state, w.blown_at, w.category
from assignment a join whistle w using (whistle_id)
where a.unit = $1 and w.blown_at >= $2 and w.blown_at < $3 and not w.provisional
order by w.whistle_id

-- name: said_of_unit
-- What was said of a unit's parts in these whistles, and whether the system itself said it.
select aggregate_id as whistle_id, what, role = 'system' as by_system
from history
where aggregate_id = any($1::uuid[]) and what = any($2::text[])
    and (after::jsonb ->> 'unit') = $3
order by aggregate_id, seq

-- name: since_seq
-- What happened to a whistle since somebody looked at it.
select seq, at, what, role, unit, actor_name, on_behalf_of, before, after
from history where aggregate_id = $1 and seq > $2 order by seq
