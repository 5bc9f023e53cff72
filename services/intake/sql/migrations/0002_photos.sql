-- Photos: what is known of each, apart from its bytes, which are in the object store.

create table photo (
    photo_id uuid primary key,
    -- arriving: its bytes may not be in the store yet; waiting: for a ticket, a day at most
    state text not null check (state in ('arriving', 'waiting', 'attached')),
    owner text not null check (length(owner) between 1 and 200), -- who may attach or remove it
    ticket_id uuid references ticket,
    place int check (place between 1 and 9), -- among the photos of its ticket
    original_sha256 bytea not null check (length(original_sha256) = 32), -- of the file as it came
    sha256 bytea not null check (length(sha256) = 32), -- names the object
    thumb_sha256 bytea not null check (length(thumb_sha256) = 32), -- names the small one's
    media_type text not null check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
    size int not null check (size between 1 and 10000000),
    width int not null check (width between 1 and 4096),
    height int not null check (height between 1 and 4096),
    taken_at timestamptz,
    lat double precision check (lat between -90 and 90),
    lon double precision check (lon between -180 and 180),
    created_at timestamptz not null,
    check ((state = 'attached') = (ticket_id is not null)),
    check ((place is null) = (ticket_id is null)),
    check ((lat is null) = (lon is null))
);
create unique index photo_ticket on photo (ticket_id, place) where ticket_id is not null;
create index photo_object on photo (sha256);
create index photo_thumb on photo (thumb_sha256);
create index photo_waiting on photo (owner) where state <> 'attached';
create index photo_stale on photo (created_at) where state <> 'attached';

-- Objects whose photo is gone: deleted from the store when no other photo has the same bytes.
create table photo_leftover (
    sha256 bytea primary key check (length(sha256) = 32)
);
