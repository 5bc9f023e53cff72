-- Files: added before their bytes are stored, linked to the whistles they are about.

-- name: file_arrives
-- The same file of the same unit is the same row; one whose bytes never came begins anew.
insert into file (
    file_id, state, unit, role, name, original_sha256, sha256, thumb_sha256, media_type, size,
    width, height, taken_at, lat, lon, created_at
)
values ($1, 'arriving', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (unit, original_sha256) do update set
    sha256 = excluded.sha256, thumb_sha256 = excluded.thumb_sha256,
    media_type = excluded.media_type, size = excluded.size, width = excluded.width,
    height = excluded.height
where file.state = 'arriving'
returning file_id

-- name: file_kept
update file set state = 'kept' where file_id = $1 and state = 'arriving'

-- name: file
select * from file where file_id = $1 and state = 'kept'

-- name: file_of_hash
select * from file
where unit is not distinct from $1 and original_sha256 = $2 and state = 'kept'

-- name: files_of_whistle
select file.* from file_whistle join file using (file_id)
where whistle_id = $1 and file.state = 'kept'
order by file_id

-- name: files_of_unit
select * from file
where file_id = any($1::uuid[]) and unit is not distinct from $2 and state = 'kept'

-- name: whistles_of_file
select whistle_id from file_whistle where file_id = $1 order by whistle_id

-- name: link_files
insert into file_whistle (file_id, whistle_id)
select distinct file_id, whistle_id from unnest($1::uuid[], $2::uuid[]) as given (file_id, whistle_id)
order by whistle_id, file_id
on conflict do nothing

-- name: link_named
-- Reports name files by their id or their hash, as it came or as it is stored.
insert into file_whistle (file_id, whistle_id)
select distinct file.file_id, given.whistle_id
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[])
    as given (whistle_id, unit, file_id, sha256)
join file on file.unit = given.unit and (
    file.file_id = given.file_id
    or file.original_sha256 = given.sha256
    or file.sha256 = given.sha256
)
order by given.whistle_id, file.file_id
on conflict do nothing

-- name: lock_objects
-- Whoever adds a file or deletes an object holds the names of its objects, so that no object is
-- deleted between the row that refers to it and the bytes.
select pg_advisory_xact_lock(1718185061, hashtext(encode(sha256, 'hex')))
from (select sha256 from unnest($1::bytea[]) as named (sha256) order by sha256) as named

-- name: unnamed_files
-- Held, so that no report names them meanwhile.
select file_id from file
where created_at < $1
    and not exists (select from file_whistle where file_whistle.file_id = file.file_id)
order by created_at
limit $2
for update skip locked

-- name: remove_files
delete from file
where file_id = any($1::uuid[])
    and not exists (select from file_whistle where file_whistle.file_id = file.file_id)
returning sha256, thumb_sha256

-- name: add_leftovers
insert into file_leftover (sha256)
select distinct sha256 from unnest($1::bytea[]) as gone (sha256) order by sha256
on conflict do nothing

-- name: take_leftover
delete from file_leftover
where sha256 = (select sha256 from file_leftover order by sha256 limit 1 for update skip locked)
returning sha256

-- name: is_object_used
select exists (select from file where sha256 = $1)
    or exists (select from file where thumb_sha256 = $1)
