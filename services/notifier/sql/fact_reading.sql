-- name: last_place
-- Read before the id below: whoever took a place by now has a transaction id that is lower.
select case when is_called then last_value else 0 end from fact_place

-- name: own_transaction
-- An id above all that were given. That of a snapshot's end is not: it is one past the last
-- transaction that has ended, and younger ones may be running.
select pg_current_xact_id()::text

-- name: have_ended
-- Whether all other transactions of this database that had an id below it have ended. Those of
-- other databases on the server, which a snapshot waits for too, write no facts.
select not exists (
    select from pg_locks as running
    where running.locktype = 'transactionid' and running.granted
        and running.mode = 'ExclusiveLock' and running.pid <> pg_backend_pid()
        and age(running.transactionid) > age($1::text::xid8::xid)
        and exists (
            select from pg_locks as here join pg_database on pg_database.oid = here.database
            where here.pid = running.pid and datname = current_database()
        )
)

-- name: facts_after
select place, topic, type, subject, seq, at, event::text as event from fact
where place > $1 and place <= $2 and type = any($3::text[])
order by place limit $4

-- name: facts_of_subjects
-- Everything heard of these, for one whose facts came out of order.
select place, topic, type, subject, seq, at, event::text as event from fact
where subject = any($1::text[]) and place <= $2 and type = any($3::text[])
order by subject, seq, place
