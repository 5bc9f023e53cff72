-- Statements for residents, by name: links, codes, limits, wishes. Times are parameters.

-- name: link_generations
select ticket_id, generation from ticket_link where ticket_id = any($1::uuid[])

-- name: revoke_links
insert into ticket_link (ticket_id, generation, changed_at) values ($1, 1, $2)
on conflict (ticket_id) do update set
    generation = least(ticket_link.generation + 1, 255),
    changed_at = excluded.changed_at
returning generation

-- name: take_turn
-- One more turn, unless $4 were taken since $5: then no row.
insert into turn (scope, holder, taken, last_at) values ($1, $2, array[$3::timestamptz], $3)
on conflict (scope, holder) do update set
    taken = array(select each from unnest(turn.taken) as each where each > $5) || excluded.taken,
    last_at = excluded.last_at
where (select count(*) from unnest(turn.taken) as each where each > $5) < $4::int
returning true

-- name: forget_turns
delete from turn where last_at < $1

-- name: add_code
insert into access_code (code_id, phone_index, code_hash, key_id, sealed, at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: forget_codes
delete from access_code where expires_at < $1

-- name: spend_code
-- Count a try of the newest code of this phone that still holds; which code, and its hash. The
-- phone may be indexed under an older key too.
update access_code set tries = tries + 1
where code_id = (
    select code_id from access_code
    where phone_index = any($1::bytea[])
    order by at desc
    limit 1
    for update
) and expires_at > $2 and tries < 3 and used_at is null
returning code_id, code_hash

-- name: code_used
update access_code set used_at = $2, key_id = null, sealed = null where code_id = $1

-- name: sealed_code
select key_id, sealed from access_code where code_id = $1 and sealed is not null

-- name: newest_of_phone
-- The newest tickets a phone brought.
select ticket_id from vault where phone_index = any($1::bytea[])
order by at desc, ticket_id desc
limit $2

-- name: ticket_of_number
select * from ticket where number = $1

-- name: tickets_by_id
select * from ticket where ticket_id = any($1::uuid[]) order by ticket_id desc

-- name: looks_of
select at, role, unit, purpose from disclosure where ticket_id = $1 order by at desc, disclosure_id desc

-- name: agree_to_contact
update ticket set contactable = true where ticket_id = $1

-- name: add_wish
insert into join_wish (ticket_id, joins, at) values ($1, $2, $3) on conflict do nothing
returning true

-- name: ticket_of_key
-- The ticket that was registered under a key of this very browser.
select ticket_id, number from claim join ticket using (ticket_id)
where claim.scope = 'key' and claim.key = $1
