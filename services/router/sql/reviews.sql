-- name: reviews_settle
-- Those that wait for this decision wait no more.
update review r
set state = n.state, decided_at = n.at, decided_by = n.by, reason = n.reason, holder = n.holder
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
    $7::text[], $8::text[])
    as n (whistle_id, assignment_id, kind, state, at, by, reason, holder)
where r.whistle_id = n.whistle_id and r.state = 'pending' and r.kind = n.kind
    and (n.assignment_id is null or r.assignment_id = n.assignment_id)

-- name: reviews_lapse
-- Overtaken: whatever else waits of a part, or of the whole whistle.
update review r
set state = n.state, decided_at = n.at, decided_by = n.by, reason = n.reason
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
    as n (whistle_id, assignment_id, state, at, by, reason)
where r.whistle_id = n.whistle_id and r.state = 'pending'
    and (n.assignment_id is null or r.assignment_id = n.assignment_id)

-- name: reviews_pending
-- What waits, by what is due first.
select r.review_id, r.kind, r.whistle_id, r.assignment_id, r.unit, r.relation, r.for_role,
    r.asked_at, r.asked_by, r.request, r.due, r.due_by, r.category, r.lead_function, r.state,
    r.decided_at, r.decided_by, r.reason, r.holder,
    w.number, w.urgency, w.round, w.seq, w.region, w.blower, w.dispatcher_role, w.dispatcher_name,
    w.content, t.registered, t.group_flagged,
    array(select wt.ticket_id from whistle_ticket wt where wt.whistle_id = w.whistle_id
          order by wt.ticket_id) as ticket_ids
from review r
join whistle w using (whistle_id)
left join ticket t on t.ticket_id = w.demand_ticket
where r.state = 'pending'
    and ($1::text[] is null or r.kind = any($1))
    and ($2::text is null or r.for_role = $2)
    and ($3::text is null or r.unit = $3)
    and ($4::uuid is null or r.whistle_id = $4)
    and ($5::text is null or w.in_charge = $5)
    and ($6::timestamptz is null or (r.due_by, r.review_id) > ($6, $7::uuid))
order by r.due_by, r.review_id
limit $8

-- name: reviews_decided
-- What was decided or overtaken, the latest due first.
select r.review_id, r.kind, r.whistle_id, r.assignment_id, r.unit, r.relation, r.for_role,
    r.asked_at, r.asked_by, r.request, r.due, r.due_by, r.category, r.lead_function, r.state,
    r.decided_at, r.decided_by, r.reason, r.holder,
    w.number, w.urgency, w.round, w.seq, w.region, w.blower, w.dispatcher_role, w.dispatcher_name,
    w.content, t.registered, t.group_flagged,
    array(select wt.ticket_id from whistle_ticket wt where wt.whistle_id = w.whistle_id
          order by wt.ticket_id) as ticket_ids
from review r
join whistle w using (whistle_id)
left join ticket t on t.ticket_id = w.demand_ticket
where r.state <> 'pending' and r.state = any($1::text[])
    and ($2::text[] is null or r.kind = any($2))
    and ($3::text is null or r.for_role = $3)
    and ($4::text is null or r.unit = $4)
    and ($5::uuid is null or r.whistle_id = $5)
    and ($6::text is null or w.in_charge = $6)
    and ($7::timestamptz is null or (r.due_by, r.review_id) < ($7, $8::uuid))
order by r.due_by desc, r.review_id desc
limit $9

-- name: past_rulings
-- Who had the matters in the end that these units returned before.
select unit, category, lead_function, holder, count(*) as n
from review
where unit = any($1::text[]) and lead_function = any($2::text[]) and holder is not null
    and kind in ('return', 'adjudication', 'dispute')
group by unit, category, lead_function, holder
