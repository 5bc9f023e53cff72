-- Statements of the search: the index that follows the tickets, and the lists read from it.

-- name: search_lock
-- One process at a time writes the index; held to the end of the transaction.
select pg_try_advisory_xact_lock($1)

-- name: search_lock_waited
-- The same, for whoever empties the index: in another order the two would wait for each other.
select pg_advisory_xact_lock($1)

-- name: take_pending
-- The oldest ones that wait; what is not committed yet comes in a later turn.
delete from search_pending where pending_id in (
    select pending_id from search_pending order by pending_id limit $1
)
returning ticket_id

-- name: search_subjects
-- Tickets with what the index wants to know besides. A promise missed counts while it can be kept.
select ticket.*,
    array(
        select distinct unit from unit_call
        where unit_call.ticket_id = ticket.ticket_id and state not in ('returned', 'released')
    ) as units,
    exists (
        select from promise
        where promise.ticket_id = ticket.ticket_id and promise.state = 'missed'
            and promise.round = ticket.round
    ) as has_missed,
    array(
        select zh from timeline
        where timeline.ticket_id = ticket.ticket_id and what = 'supplemented'
        order by timeline_id
    ) as supplements,
    (
        select account from taken_down where taken_down.ticket_id = ticket.ticket_id
    ) as account
from ticket
where ticket_id = any($1::uuid[]) and not canary
order by ticket_id

-- name: search_docs
select doc, ticket_id, pieces, live from search_doc where ticket_id = any($1::uuid[])

-- name: next_doc
select coalesce(max(doc) + 1, 0) from search_doc

-- name: change_docs
update search_doc set pieces = given.pieces, live = given.live::bigint[]
from unnest($1::int[], $2::int[], $3::text[]) as given (doc, pieces, live)
where search_doc.doc = given.doc

-- name: postings_to_change
select term, segment, docs
from search_posting
join unnest($1::bigint[], $2::int[]) as asked (term, segment) using (term, segment)

-- name: save_postings
insert into search_posting (term, segment, docs)
select * from unnest($1::bigint[], $2::int[], $3::bytea[])
on conflict (term, segment) do update set docs = excluded.docs

-- name: forget_postings
delete from search_posting
using unnest($1::bigint[], $2::int[]) as given (term, segment)
where search_posting.term = given.term and search_posting.segment = given.segment

-- name: begin_anew
-- Everything is indexed again, the oldest first.
with emptied as (
    delete from search_pending
)
insert into search_pending (ticket_id)
select ticket_id from ticket where not canary order by ticket_id

-- name: empty_index
select empty_search_index()

-- name: pending_count
select count(*) from (select from search_pending limit $1) as waiting

-- name: postings
-- What each of some terms has in a range of segments, in one row a term: a hundred short rows would
-- take longer to hand over than to read.
select term,
    array_agg(segment order by segment) as segments,
    array_agg(octet_length(docs) order by segment) as sizes,
    string_agg(docs, ''::bytea order by segment) as docs
from search_posting
where term = any($1::bigint[]) and segment between $2 and $3
group by term

-- name: doc_of
select doc from search_doc where ticket_id = $1

-- name: last_doc
select max(doc) from search_doc

-- name: doc_from
-- The first doc of a ticket registered then or later; ids are ordered by time.
select doc from search_doc where ticket_id >= $1 order by ticket_id limit 1

-- name: rows_of_docs
-- A page of the list by docs: tickets, the lead unit, and the promise that is due next.
select search_doc.doc, ticket.*, lead.unit as lead, next_due.kind as due_kind,
    next_due.due_by, next_due.state as due_state
from search_doc
join ticket using (ticket_id)
left join lateral (
    select unit from unit_call
    where unit_call.ticket_id = ticket.ticket_id and relation = 'lead'
        and unit_call.state not in ('returned', 'released')
    order by assignment_id desc
    limit 1
) as lead on true
left join lateral (
    select kind, due_by, promise.state from promise
    where promise.ticket_id = ticket.ticket_id
        and promise.state in ('running', 'paused', 'missed')
    order by due_by
    limit 1
) as next_due on true
where search_doc.doc = any($1::int[])
order by search_doc.doc desc

-- name: rows_of_tickets
-- The same, by ticket.
select ticket.*, lead.unit as lead, next_due.kind as due_kind, next_due.due_by,
    next_due.state as due_state
from ticket
left join lateral (
    select unit from unit_call
    where unit_call.ticket_id = ticket.ticket_id and relation = 'lead'
        and unit_call.state not in ('returned', 'released')
    order by assignment_id desc
    limit 1
) as lead on true
left join lateral (
    select kind, due_by, promise.state from promise
    where promise.ticket_id = ticket.ticket_id
        and promise.state in ('running', 'paused', 'missed')
    order by due_by
    limit 1
) as next_due on true
where ticket.ticket_id = any($1::uuid[])
order by ticket.ticket_id desc

-- name: newest_ids
-- Without a filter the list is the primary key read backwards, within the bounds of time.
select ticket_id from ticket
where ticket_id < $1 and ticket_id >= $2 and not canary
order by ticket_id desc
limit $3

-- name: id_of_number
select ticket_id from ticket where number = $1 and not canary

-- name: ids_of_phone
select ticket_id from vault where phone_index = any($1::bytea[]) order by at desc limit $2

-- name: record_phone_lookup
insert into phone_lookup (at, role, unit, actor_name, account, phone_index, found)
values ($1, $2, $3, $4, $5, $6, $7)
