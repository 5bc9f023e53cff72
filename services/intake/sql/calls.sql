-- Calls at the desk, extensions, and what is said of numbers.

-- name: ring
-- The same call told twice is one.
insert into phone_call (
    phone_call_id, call_id, operator, line, state, key_id, sealed, phone_index, rang_at
)
values ($1, $2, $3, $4, 'ringing', $5, $6, $7, $8)
on conflict (call_id) do nothing

-- name: call_for_update
select * from phone_call where call_id = $1 for update

-- name: call
select * from phone_call where call_id = $1

-- name: save_call
update phone_call set state = $2, answered_at = $3, ended_at = $4 where phone_call_id = $1

-- name: call_became
update phone_call set ticket_id = $2 where call_id = $1

-- name: running_calls
-- The calls of these operators that have not ended, as they ring.
select * from phone_call
where operator = any($1::text[]) and state <> 'ended' and rang_at > $2
order by rang_at

-- name: forget_numbers
-- Calls keep their times for the figures, not their numbers.
update phone_call set key_id = null, sealed = null, phone_index = null
where phone_call_id in (
    select phone_call_id from phone_call
    where sealed is not null and rang_at < $1
    order by rang_at
    limit $2
)

-- name: take_extension
insert into extension (extension, account, at) values ($1, $2, $3)
on conflict (extension) do update set account = excluded.account, at = excluded.at

-- name: leave_extension
delete from extension where account = $1

-- name: extension_of
select extension from extension where account = $1

-- name: seats_of
-- Login and extensions under which each of these accounts may be called.
select account, extension from extension where account = any($1::text[])

-- name: tickets_of_caller
-- The caller's tickets, open ones first, then the newest.
select ticket.* from vault join ticket using (ticket_id)
where vault.phone_index = any($1::bytea[])
order by (ticket.ended_at is not null), ticket.ticket_id desc
limit $2

-- name: count_of_caller
select count(*)::int as tickets from vault where phone_index = any($1::bytea[])

-- name: promises_of_caller
select * from promise where ticket_id = any($1::uuid[]) and kind = 'citizen'

-- name: units_of_caller
select * from unit_call where ticket_id = any($1::uuid[])

-- name: add_mark
insert into harassment_mark (
    mark_id, phone_index, key_id, sealed, reason, marked_by, marked_at, until
)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: end_expired_marks
-- A mark past its day makes room for a new one.
update harassment_mark set lifted_at = until, lifted_by = marked_by
where phone_index = any($1::bytea[]) and lifted_at is null and until <= $2

-- name: mark_of_phone
select * from harassment_mark
where phone_index = any($1::bytea[]) and lifted_at is null and until > $2

-- name: lift_mark
update harassment_mark set lifted_at = $2, lifted_by = $3
where mark_id = $1 and lifted_at is null
returning mark_id

-- name: marks
select * from harassment_mark order by (lifted_at is not null), marked_at desc limit $1

-- name: add_note
insert into caller_note (note_id, phone_index, key_id, sealed, noted_by, at)
values ($1, $2, $3, $4, $5, $6)

-- name: notes_of_phone
select * from caller_note
where phone_index = any($1::bytea[]) and removed_at is null
order by at desc
limit 10

-- name: remove_note
update caller_note set removed_at = $2 where note_id = $1 and removed_at is null
returning note_id
