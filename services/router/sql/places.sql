-- Places: what was whistled there before, before anybody whistles again.

-- name: earlier_at_place
-- The newest first, with the units that were called.
select w.whistle_id, w.number, w.kind, w.state, w.blown_at, w.blower, w.content, t.registered,
    (select array_agg(a.unit || ':' || a.relation order by a.relation = 'lead' desc, a.place)
     from assignment a
     where a.whistle_id = w.whistle_id and a.relation <> 'informed' and a.state <> 'returned')
        as units
from whistle w
left join ticket t on t.ticket_id = w.demand_ticket
where w.place_key = $1 and w.blown_at >= $2
    and ($3::text is null or w.blower = $3 or w.region like $4::text || '%'
        or exists (select from assignment a where a.whistle_id = w.whistle_id and a.unit = $3))
order by w.whistle_id desc limit $5
