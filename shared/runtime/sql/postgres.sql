-- What PostgreSQL tells of the service's own database; `$1` is wall time. A role without special
-- rights sees all of it but the state of sessions of other roles.

-- name: database_now
select
    pg_database_size(current_database()) as bytes,
    (select age(datfrozenxid) from pg_database where datname = current_database()) as xid_age,
    current_setting('max_connections')::int as most_sessions,
    (select sum(numbackends)::int from pg_stat_database) as sessions,
    (
        select extract(epoch from $1::timestamptz - min(xact_start))::float8 from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend'
            and pid <> pg_backend_pid()
    ) as oldest_transaction,
    (
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
    ) as waiting,
    (select extract(epoch from max(finished_at))::float8 from backup_finished) as last_backup,
    (
        select max(pg_wal_lsn_diff(
            case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
            restart_lsn
        ))::float8 from pg_replication_slots
    ) as slot_kept

-- name: sessions
-- Of this database by state; null is of another role.
select state, count(*) as n from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
group by state

-- name: grown
-- What only grows, of this database and of the whole server's log.
select xact_commit, xact_rollback, deadlocks, blks_hit, blks_read, temp_bytes,
    (select wal_bytes::float8 from pg_stat_wal) as wal_bytes
from pg_stat_database where datname = current_database()

-- name: checkpoints
select num_timed as timed, num_requested as requested from pg_stat_checkpointer

-- name: checkpoints_before_17
select checkpoints_timed as timed, checkpoints_req as requested from pg_stat_bgwriter

-- name: tables
-- Every table, partitions with their parent. Sizes are as of the last vacuum or analyze: asking for
-- them now would wait for whoever has locked a table.
select coalesce(parent.relname, c.relname) as "table",
    sum(s.n_live_tup)::float8 as live,
    sum(s.n_dead_tup)::float8 as dead,
    sum(
        greatest(c.relpages, 0) + coalesce(toast.relpages, 0) + coalesce(of_indexes.pages, 0)
    )::float8 * current_setting('block_size')::int as bytes
from pg_stat_user_tables s
join pg_class c on c.oid = s.relid
left join pg_class toast on toast.oid = c.reltoastrelid
left join lateral (
    select sum(x.relpages) as pages
    from pg_index i join pg_class x on x.oid = i.indexrelid
    where i.indrelid = c.oid
) of_indexes on true
left join pg_inherits h on h.inhrelid = c.oid
left join pg_class parent on parent.oid = h.inhparent
group by 1
