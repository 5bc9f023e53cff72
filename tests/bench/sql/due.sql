-- Statements of the rows beside pgqueuer: promises and jobs made in numbers, and when each was
-- committed, as the server itself noted it.

-- name: one_promise
select deadline_id from deadline where state = 'running' and due_by = fire_at;

-- name: many_promises
-- As the one that was heard of, each its own whistle's, due one `step` after another.
insert into deadline (deadline_id, kind, round, ticket_id, whistle_id, assignment_id, unit,
    ticket_ids, number, urgency, group_matter, canary, state, late, due_by, due_rule,
    due_started_at, due_calendar, due_policy, due_provisional, counted_from, term, fired, next_rung,
    fire_at, seq, history_hash)
select gen_random_uuid(), kind, round, ticket_id, gen_random_uuid(), gen_random_uuid(),
    ($4::text[])[1 + n % cardinality($4::text[])],
    ticket_ids, 'S20261123' || lpad(n::text, 7, '0'), urgency, group_matter, canary, state, late,
    $2::timestamptz + n * $3::interval, due_rule,
    $2::timestamptz + n * $3::interval - (due_by - due_started_at), due_calendar, due_policy,
    due_provisional, $2::timestamptz + n * $3::interval - (due_by - counted_from), term, fired,
    next_rung, $2::timestamptz + n * $3::interval, seq, history_hash
from deadline, generate_series(0, $1::int - 1) as n
where deadline_id = $5;

-- name: drop_promise
delete from deadline where deadline_id = $1;

-- name: all_fired
select not exists (select from deadline where fire_at <= $1);

-- name: some_missed
select count(*) from (select from deadline where state = 'missed' limit $1) as seen;

-- name: when_missed
-- Those that were due in a time, the first committed first.
select pg_xact_commit_timestamp(xmin) as at from deadline
where state = 'missed' and late and next_rung is not null and due_by between $1 and $2
order by at;

-- name: missed_in_history
select count(*) from history h join deadline d on d.deadline_id = h.aggregate_id
where h.what = 'missed' and d.due_by between $1 and $2;

-- name: firing_ports
-- From which ports of whose connections something is being fired at this moment.
select client_port from pg_stat_activity
where application_name = 'shaodao-notifier' and datname = current_database()
    and xact_start is not null and pid <> pg_backend_pid()
    and (query ilike '%deadline%' or query ilike '%history%' or query ilike '%outbox%');

-- name: workers_listening
-- How many workers of pgqueuer are there, and listen.
select count(distinct application_name) from pg_stat_activity
where application_name like 'pgqueuer-%' and datname = current_database()
    and query ilike 'listen %' and state = 'idle';

-- name: many_jobs
insert into pgqueuer (priority, execute_after, status, entrypoint, payload)
select 0, $2::timestamptz + n * $3::interval, 'queued', 'due', $4
from generate_series(0, $1::int - 1) as n;

-- name: jobs_done
select count(*) from pgqueuer_log where status = 'successful' and id > $1;

-- name: last_logged
select coalesce(max(id), 0) from pgqueuer_log;

-- name: holding
-- The workers that have picked jobs and not finished them.
select distinct queue_manager_id::text as worker from pgqueuer
where status = 'picked' and queue_manager_id is not null;

-- name: when_done
select pg_xact_commit_timestamp(xmin) as at from pgqueuer_log
where status = 'successful' and id > $1 order by at;

-- name: when_written
select pg_xact_commit_timestamp(xmin) as at from outbox where id > $1 order by at;

-- name: last_written
select coalesce(max(id), 0) from outbox;

-- name: write_two
-- What a handler of a missed promise writes: a row of its history, and the fact.
with kept as (
    insert into history (aggregate_id, seq, at, what, role, before, after, policy, previous_hash,
        hash)
    values ($1, 4, $2, 'missed', 'system', '{"state":"running"}', $3, 'bench', $4, $4)
)
insert into outbox (event_id, aggregatetype, aggregateid, type, payload, created_at)
values ($1, 'deadlines', $1::text, 'shaodao.deadline.missed.v1', $5, $2);
