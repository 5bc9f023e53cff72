-- name: content_update
update whistle set content = $2 where whistle_id = $1

-- name: owe
insert into owed (whistle_id, kind, unit, due, due_by)
select $1, $2, unit, $4, $5 from unnest($3::text[]) as u (unit)

-- name: owed_by
select due_by from owed where whistle_id = $1 and kind = $2 and unit = $3

-- name: kept
delete from owed where whistle_id = $1 and kind = $2 and unit = $3

-- name: blown_at
select blown_at from whistle where whistle_id = $1

-- name: acceptance_add
insert into acceptance (whistle_id, accepted_at, unit, name, words, photos, attended,
    resident_joined, evaluate_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: acceptance
select accepted_at, unit, name, words, photos, attended, resident_joined, evaluate_by
from acceptance where whistle_id = $1

-- name: evaluation_add
insert into evaluation (whistle_id, unit, evaluator_class, by_unit, by_name, evaluated_at, timely,
    present, effect, cooperation, score, weight, rating, solved, words)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)

-- name: evaluations
select whistle_id, unit, evaluator_class, by_unit, by_name, evaluated_at, timely, present, effect,
    cooperation, score, weight, rating, solved, words
from evaluation where whistle_id = $1 order by unit, evaluator_class

-- name: evaluations_of_unit
-- The newest whistles first, each with all marks of the unit.
select e.whistle_id, w.number, w.kind, e.unit, e.evaluator_class, e.by_unit, e.by_name,
    e.evaluated_at, e.timely, e.present, e.effect, e.cooperation, e.score, e.weight, e.rating,
    e.solved, e.words
from evaluation e join whistle w using (whistle_id)
where e.unit = $1
order by e.whistle_id desc, e.evaluator_class
limit $2

-- name: repeats
-- Earlier whistles of the same place, newest first.
select r.whistle_id, r.number, r.kind, r.state, r.blown_at, r.blower, r.in_charge, r.content,
    t.registered,
    (select a.unit from assignment a
     where a.whistle_id = r.whistle_id and a.relation = 'lead' order by a.place desc limit 1)
        as lead
from whistle w
join whistle r on r.place_key = w.place_key and r.whistle_id < w.whistle_id
    and r.blown_at >= w.blown_at - make_interval(days => $2) and r.blown_at <= w.blown_at
left join ticket t on t.ticket_id = r.demand_ticket
where w.whistle_id = $1
    and ($3::text is null or r.blower = $3 or exists (select from assignment a
        where a.whistle_id = r.whistle_id and a.unit = $3)
        or r.region like $4::text || '%')
order by r.whistle_id desc limit $5

-- name: repeats_counted
select count(*) as repeats
from whistle w
join whistle r on r.place_key = w.place_key and r.whistle_id < w.whistle_id
    and r.blown_at >= w.blown_at - make_interval(days => $2) and r.blown_at <= w.blown_at
where w.whistle_id = $1

-- name: board
-- A page of what streets and communities blew, with how often the place was whistled before.
select w.whistle_id, w.number, w.kind, w.state, w.urgency, w.category, w.seq, w.blown_at, w.blower,
    w.in_charge, w.takeover_by, w.cross_district, w.content, p.repeats
from whistle w
cross join lateral (
    select count(*)::int as repeats from whistle r
    where r.place_key = w.place_key and r.whistle_id < w.whistle_id
        and r.blown_at >= w.blown_at - make_interval(days => $1) and r.blown_at <= w.blown_at
) p
where w.in_charge is not null
    and ($2::text is null or w.kind = $2)
    and (w.state = any($3::text[]))
    and ($4::uuid is null or w.whistle_id >= $4)
    and ($5::uuid is null or w.whistle_id < $5)
    and ($6::text is null or w.blower = $6 or w.in_charge = $6
        or exists (select from assignment a where a.whistle_id = w.whistle_id and a.unit = $6)
        or w.region like $7::text || '%')
order by w.whistle_id desc limit $8
