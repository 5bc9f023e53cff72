-- name: keep_merge
insert into ticket_merge (ticket_id, parent_id, at) values ($1, $2, $3)

-- name: end_merges
update ticket_merge set ended_at = $2, undone = $3
where ticket_id = any($1::uuid[]) and ended_at is null

-- name: parent_of
select parent_id from ticket_merge where ticket_id = $1 and ended_at is null

-- name: children_of
-- Whose own callback waits for these, along the chain; the ones nearest to a parent first.
with recursive below (ticket_id, parent_id, depth) as (
    select ticket_id, parent_id, 1 from ticket_merge
    where parent_id = any($1::uuid[]) and ended_at is null
    union
    select m.ticket_id, m.parent_id, below.depth + 1
    from below join ticket_merge m on m.parent_id = below.ticket_id
    where m.ended_at is null and below.depth < 20
)
select ticket_id, parent_id from below order by depth, ticket_id

-- name: keep_link
insert into ticket_relation (ticket_id, other_id, at)
values (least($1::uuid, $2::uuid), greatest($1::uuid, $2::uuid), $3)
on conflict do nothing
returning ticket_id

-- name: relations_of
-- What a ticket is merged into, what is merged into it, and what it is linked to.
select 'parent' as relation, t.ticket_id, t.number, t.state, t.title, t.region
from ticket_merge m join ticket t on t.ticket_id = m.parent_id
where m.ticket_id = $1 and m.ended_at is null
union all
select 'child', t.ticket_id, t.number, t.state, t.title, t.region
from ticket_merge m join ticket t on t.ticket_id = m.ticket_id
where m.parent_id = $1 and m.ended_at is null
union all
select 'linked', t.ticket_id, t.number, t.state, t.title, t.region
from (
    select other_id as ticket_id from ticket_relation where ticket_relation.ticket_id = $1
    union
    select ticket_id from ticket_relation where other_id = $1
) as linked
join ticket t using (ticket_id)

-- name: last_reply
select zh from timeline
where ticket_id = $1 and what = 'resolved'
order by at desc, timeline_id desc
limit 1
