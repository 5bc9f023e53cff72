-- What the desk keeps sealed under old keys of the vault, and the same under the new one.

-- name: calls_under_other_keys
select phone_call_id as owner_id, key_id, sealed from phone_call
where key_id <> $1
order by phone_call_id
limit $2
for update skip locked

-- name: drafts_under_other_keys
select draft_id as owner_id, key_id, sealed from draft
where key_id <> $1
order by draft_id
limit $2
for update skip locked

-- name: marks_under_other_keys
select mark_id as owner_id, key_id, sealed from harassment_mark
where key_id <> $1
order by mark_id
limit $2
for update skip locked

-- name: notes_under_other_keys
select note_id as owner_id, key_id, sealed from caller_note
where key_id <> $1
order by note_id
limit $2
for update skip locked

-- name: reseal_calls
update phone_call set key_id = $2, sealed = given.sealed, phone_index = given.phone_index
from unnest($1::uuid[], $3::bytea[], $4::bytea[]) as given (owner_id, sealed, phone_index)
where phone_call_id = given.owner_id

-- name: reseal_drafts
update draft set key_id = $2, sealed = given.sealed, phone_index = given.phone_index
from unnest($1::uuid[], $3::bytea[], $4::bytea[]) as given (owner_id, sealed, phone_index)
where draft_id = given.owner_id

-- name: reseal_marks
update harassment_mark set key_id = $2, sealed = given.sealed, phone_index = given.phone_index
from unnest($1::uuid[], $3::bytea[], $4::bytea[]) as given (owner_id, sealed, phone_index)
where mark_id = given.owner_id

-- name: reseal_notes
update caller_note set key_id = $2, sealed = given.sealed, phone_index = given.phone_index
from unnest($1::uuid[], $3::bytea[], $4::bytea[]) as given (owner_id, sealed, phone_index)
where note_id = given.owner_id
