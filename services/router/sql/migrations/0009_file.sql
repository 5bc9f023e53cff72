-- Files that units upload: evidence and photos. Their bytes are in the file store, by their hash.

create table file (
    file_id uuid primary key,
    -- arriving: its bytes may not be in the store yet
    state text not null check (state in ('arriving', 'kept')),
    unit text, -- who uploaded it; none for a desk of the city
    role text not null,
    name text,
    original_sha256 bytea not null check (length(original_sha256) = 32), -- of the file as it came
    sha256 bytea not null check (length(sha256) = 32), -- names the object
    thumb_sha256 bytea check (length(thumb_sha256) = 32), -- names the small one's
    media_type text not null
        check (media_type in ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')),
    size int not null check (size between 1 and 10000000),
    width int check (width between 1 and 4096),
    height int check (height between 1 and 4096),
    taken_at timestamptz, -- what the camera wrote, like the point
    lat double precision check (lat between -90 and 90),
    lon double precision check (lon between -180 and 180),
    created_at timestamptz not null,
    check (num_nulls(width, height, thumb_sha256) in (0, 3)),
    check ((width is null) = (media_type = 'application/pdf')),
    check ((lat is null) = (lon is null))
);
create unique index file_once_a_unit on file (unit, original_sha256) nulls not distinct;
create index file_of_hash on file (sha256);

-- Which whistles a file is about: those named when it came, and those whose reports name it.
create table file_whistle (
    file_id uuid not null references file,
    whistle_id uuid not null references whistle,
    primary key (file_id, whistle_id)
);
create index file_of_whistle on file_whistle (whistle_id, file_id);
