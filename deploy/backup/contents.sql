-- What is in a database, table by table, so that a restored one can be held against it.

-- name: tables
-- Partitions are counted with their table.
select c.relname as name
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
order by c.relname

-- name: sum_of
-- A statement that sums one table up, whatever the order of its rows: how many, and the sum of the
-- first half of each row's MD5 as a number. Two tables with one sum have the same rows.
select format(
    'select count(*), coalesce(sum((''x'' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text from %I t',
    $1::text
)

-- name: snapshot
select pg_export_snapshot()

-- name: server
select current_setting('server_version')

-- name: is_partition_count
select count(*) from pg_class where relispartition and relnamespace = 'public'::regnamespace

-- name: outbox_rows
select count(*) from outbox

-- name: figure_tables
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind = 'r' and relname like 'figure\_%'
order by relname

-- name: takes_note
-- Whether the database has where to write that it was backed up; one of an older version has not.
select to_regclass('public.backup_finished') is not null

-- name: note
insert into backup_finished (finished_at, version) values ($1, $2)

-- name: size
select pg_database_size(current_database())
