-- name: supervision_locked
select * from supervision where supervision_id = $1 for update

-- name: open_of_ladder
-- The unanswered ones that the ladder asked of these units of these whistles, locked in order.
select s.* from supervision s
join unnest($1::uuid[], $2::text[]) as w (whistle_id, unit)
    on s.whistle_id = w.whistle_id and s.unit = w.unit
where s.source = 'ladder' and s.answered_at is null and s.ended_at is null
order by s.supervision_id for update of s

-- name: put_supervision
insert into supervision (
    supervision_id, source, level, number, round, whistle_id, ticket_id, ticket_ids, unit, words,
    asked_at, asked_role, asked_name, answer_by, answer, answered_at, answered_role, answered_name,
    late, ended_at, canary, seq, history_hash, traceparent
) values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text::jsonb, $15, $16, $17, $18,
    $19, $20, $21, $22, $23, $24
)
on conflict (supervision_id) do update set
    level = excluded.level,
    words = excluded.words,
    answer_by = excluded.answer_by,
    answer = excluded.answer,
    answered_at = excluded.answered_at,
    answered_role = excluded.answered_role,
    answered_name = excluded.answered_name,
    late = excluded.late,
    ended_at = excluded.ended_at,
    seq = excluded.seq,
    history_hash = excluded.history_hash

-- name: unanswered
select * from supervision
where answered_at is null and ended_at is null
    and (whistle_id = any($1::uuid[]) or (whistle_id is null and ticket_ids && $2::uuid[]))
order by supervision_id for update

-- name: supervisions_provisional
-- Unanswered ones whose time rests on a year not announced, from above the cursor, locked.
select * from supervision
where answered_at is null and ended_at is null and supervision_id > $1
    and (answer_by ->> 'provisional')::boolean
order by supervision_id limit $2 for update

-- name: supervisions_due_within
-- Those due between two instants that wait for an answer, or were answered late; locked.
select * from supervision
where ended_at is null and (answered_at is null or late) and supervision_id > $1
    and (answer_by ->> 'by')::timestamptz between $2 and $3
order by supervision_id limit $4 for update

-- name: list_supervisions
-- Newest first, from below the cursor; each filter that is null lets all pass.
select * from supervision
where ($1::text is null or unit = $1)
    and ($2::uuid is null or whistle_id = $2)
    and ($3::uuid is null or ticket_ids @> array[$3::uuid])
    and ($4::text is null or case $4
        when 'open' then answered_at is null and ended_at is null
        when 'late' then late or (
            answered_at is null and ended_at is null
            and (answer_by ->> 'by')::timestamptz < $5)
        when 'answered' then answered_at is not null
        else ended_at is not null end)
    and ($6::uuid is null or supervision_id < $6)
order by supervision_id desc limit $7

-- name: parts_of_matter
-- The units that owe something, by the whistle or by a ticket of it; newest whistle first.
select d.whistle_id, d.unit, d.number, d.round, d.ticket_ids, d.canary, min(d.due_by) as due_by,
    bool_or(d.kind = 'resolve') as resolves
from deadline d
where d.ended_at is null and d.unit is not null and d.assignment_id is not null
    and (d.whistle_id = $1 or d.whistle_id = any(
        array(select w.whistle_id from whistle_known w where w.ticket_ids @> array[$2::uuid])))
group by d.whistle_id, d.unit, d.number, d.round, d.ticket_ids, d.canary
order by d.whistle_id desc, d.unit

-- name: ticket_waiting
-- A ticket that no unit has: its own promises still run.
select number, round, ticket_ids, canary from deadline
where ticket_id = $1 and whistle_id is null and ended_at is null
order by due_by limit 1

-- name: lead_of
-- The unit that leads: whom the last fact that named a lead named.
select unit from (
    select seq, coalesce(
        jsonb_path_query_first(event, '$.data.assignment ? (@.relation == "lead").unit'),
        jsonb_path_query_first(event, '$.data.assignments[*] ? (@.relation == "lead").unit')
    ) #>> '{}' as unit
    from fact where subject = $1
) as named
where unit is not null order by seq desc limit 1
