-- Drafts of the desk's form, and what the desk knows of a ticket that came of one.

-- name: draft_for_update
select * from draft where draft_id = $1 for update

-- name: draft
select * from draft where draft_id = $1

-- name: save_draft
-- Nothing happens when another copy of the page has saved meanwhile.
insert into draft (
    draft_id, account, version, key_id, sealed, phone_index, call_id, begun_at, changed_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (draft_id) do update set
    account = excluded.account,
    version = excluded.version,
    key_id = excluded.key_id,
    sealed = excluded.sealed,
    phone_index = excluded.phone_index,
    call_id = excluded.call_id,
    changed_at = excluded.changed_at
where draft.version = excluded.version - 1
returning draft_id

-- name: drop_draft
delete from draft where draft_id = $1 returning draft_id

-- name: drafts_of_account
select * from draft where account = $1 order by changed_at desc limit $2

-- name: drafts_of_phone
select * from draft where phone_index = any($1::bytea[]) order by changed_at desc limit $2

-- name: forget_drafts
delete from draft where draft_id in (
    select draft_id from draft where changed_at < $1 order by changed_at limit $2
)

-- name: add_taken_down
insert into taken_down (ticket_id, account, language, urgency_reason, call_id, at)
values ($1, $2, $3, $4, $5, $6)
on conflict do nothing

-- name: taken_down
select ticket_id, account, language, urgency_reason, call_id, at
from taken_down where ticket_id = $1

-- name: tickets_of_account
-- What an operator took down, newest first, from below the cursor.
select ticket.* from taken_down join ticket using (ticket_id)
where taken_down.account = $1 and taken_down.ticket_id < $2
    and ($4::boolean is null or (ticket.ended_at is null) = $4)
order by taken_down.ticket_id desc
limit $3
