-- How the rebuild of the figures stands, whichever copy runs it.

-- name: keep_rebuild
insert into rebuild_status (only_one, state, began_at, facts_left, place, differs, error)
values (true, $1, $2, $3, $4, $5, $6)
on conflict (only_one) do update set
    state = excluded.state,
    began_at = excluded.began_at,
    facts_left = excluded.facts_left,
    place = excluded.place,
    differs = excluded.differs,
    error = excluded.error

-- name: last_rebuild
select state, began_at, facts_left, place, differs, error from rebuild_status

-- name: rebuild_runs
-- Whether some copy holds the lock of `rebuild_alone`; it lets go of it when it ends.
select exists (
    select from pg_locks l join pg_database d on d.oid = l.database
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and d.datname = current_database()
        and l.objid = (hashtext('figures-rebuild')::bigint & 4294967295)::oid
        and l.classid = ((hashtext('figures-rebuild')::bigint >> 32) & 4294967295)::oid
)

-- name: compare_shadow
select name, n, only_before, only_after from compare_figure_shadow()
