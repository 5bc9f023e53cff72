-- name: held
-- What waits for a dispatcher, by what is due first; the cursor is the last whistle of the page
-- before. Few wait at a time: the partial index of held whistles finds them.
select w.whistle_id, w.number, w.round, w.seq, w.urgency, w.content, t.ticket_id, t.registered,
    t.registered_at, d.to_role, d.to_name, d.note, d.by_role, d.by_name, d.at as handed_at
from whistle w
join ticket t on t.ticket_id = w.demand_ticket
left join desk d on d.whistle_id = w.whistle_id
cross join lateral (
    select (t.registered::json -> 'dispatch_by' ->> 'by')::timestamptz as due_by
) due
where w.state = 'held' and not w.canary
    and ($1::uuid is null or (due.due_by, w.whistle_id) > (
        select (p.registered::json -> 'dispatch_by' ->> 'by')::timestamptz, q.whistle_id
        from whistle q join ticket p on p.ticket_id = q.demand_ticket
        where q.whistle_id = $1))
    and ($2::text is null or w.urgency = $2)
    and ($3::text is null or w.region like $3 || '%')
    and ($4::text is null or t.registered::json ->> 'category' like $4 || '%')
    and ($5::text is null or coalesce(d.to_role, 'dispatcher') = $5)
    and ($6::text is null or d.to_name = $6)
    and ($7::uuid is null or t.ticket_id = $7)
order by due.due_by, w.whistle_id
limit $8

-- name: desk_keep
insert into desk (whistle_id, to_role, to_name, note, by_role, by_name, at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (whistle_id) do update
set to_role = excluded.to_role, to_name = excluded.to_name, note = excluded.note,
    by_role = excluded.by_role, by_name = excluded.by_name, at = excluded.at

-- name: changes_since
select seq, at, what, role, actor_name, after from history
where aggregate_id = $1 and seq > $2 order by seq

-- name: question_ask
-- A merge that was taken back and made again asks anew.
insert into merge_question (ticket_id, whistle_id, into_ticket_id, into_whistle_id, asked_at, due)
values ($1, $2, $3, $4, $5, $6)
on conflict (ticket_id) where decision is null do update
set whistle_id = excluded.whistle_id, into_ticket_id = excluded.into_ticket_id,
    into_whistle_id = excluded.into_whistle_id, asked_at = excluded.asked_at, due = excluded.due

-- name: question_settle
update merge_question
set decision = $2, decided_at = $3, decided_by_role = $4, decided_by_name = $5, reason = $6
where ticket_id = $1 and decision is null

-- name: question_of
select ticket_id, whistle_id, into_ticket_id, into_whistle_id, asked_at, due
from merge_question where ticket_id = $1 and decision is null

-- name: questions
-- Those whose two whistles both still run; a whistle that ended has answered.
select m.ticket_id, m.whistle_id, m.into_ticket_id, m.into_whistle_id, m.asked_at, m.due
from merge_question m
join whistle own on own.whistle_id = m.whistle_id
join whistle parent on parent.whistle_id = m.into_whistle_id
where m.decision is null
    and own.state not in ('closed', 'withdrawn') and parent.state not in ('closed', 'withdrawn')
order by (m.due::json ->> 'by')::timestamptz, m.ticket_id
limit $1

-- name: tickets_read
select ticket_id, state, round, registered_at, merged_into, registered, group_flagged
from ticket where ticket_id = any($1::uuid[])
