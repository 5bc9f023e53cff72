-- Photos: added before their bytes are stored, attached to tickets, removed when nobody took them.

-- name: lock_objects
-- Whoever adds a photo or deletes an object holds the names of its objects, so that no object is
-- deleted between the row that refers to it and the bytes.
select pg_advisory_xact_lock(1885892468, hashtext(encode(sha256, 'hex')))
from (select sha256 from unnest($1::bytea[]) as named (sha256) order by sha256) as named

-- name: waiting_photos
select count(*)::int from photo where owner = $1 and state <> 'attached'

-- name: add_photo
insert into photo (
    photo_id, state, owner, original_sha256, sha256, thumb_sha256, media_type, size, width, height,
    taken_at, lat, lon, created_at
)
values ($1, 'arriving', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: photo_arrived
update photo set state = 'waiting' where photo_id = $1 and state = 'arriving'

-- name: photo
select * from photo where photo_id = $1

-- name: photos_for_update
-- Locked in the order of their ids.
select * from photo where photo_id = any($1::uuid[]) order by photo_id for update

-- name: photos_of
select * from photo where ticket_id = $1 order by place

-- name: is_called
-- A unit that gave the matter back, or was let go, sees its photos no more.
select exists (
    select from unit_call
    where ticket_id = $1 and unit = $2 and state not in ('returned', 'released')
)

-- name: attach_photos
-- Where a photo was taken is forgotten when it could tell who complained.
update photo set
    state = 'attached',
    ticket_id = given.ticket_id,
    place = given.place,
    lat = case when given.confidential then null else lat end,
    lon = case when given.confidential then null else lon end,
    taken_at = case when given.confidential then null else taken_at end
from unnest($1::uuid[], $2::uuid[], $3::int[], $4::boolean[])
    as given (photo_id, ticket_id, place, confidential)
where photo.photo_id = given.photo_id and photo.state = 'waiting'

-- name: remove_photo
delete from photo where photo_id = $1 and owner = $2 and state = 'waiting'
returning sha256, thumb_sha256

-- name: remove_stale_photos
delete from photo
where photo_id in (
    select photo_id from photo
    where state <> 'attached' and created_at < $1
    order by created_at
    limit $2
    for update skip locked
)
returning sha256, thumb_sha256

-- name: remove_photos_of
delete from photo where ticket_id = any($1::uuid[]) returning sha256, thumb_sha256

-- name: add_leftovers
insert into photo_leftover (sha256)
select distinct sha256 from unnest($1::bytea[]) as gone (sha256) order by sha256
on conflict do nothing

-- name: take_leftover
delete from photo_leftover
where sha256 = (select sha256 from photo_leftover order by sha256 limit 1 for update skip locked)
returning sha256

-- name: is_object_used
select exists (select from photo where sha256 = $1)
    or exists (select from photo where thumb_sha256 = $1)
