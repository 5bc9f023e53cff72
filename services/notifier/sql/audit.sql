-- name: audit_lock
-- One copy audits at a time; let go with the connection.
select pg_try_advisory_lock(x'4155444954'::bigint)

-- name: audit_unlock
select pg_advisory_unlock(x'4155444954'::bigint)

-- name: run_begun
insert into audit_run (run_id, whole, by_role, by_name, started_at, as_of)
values ($1, $2, $3, $4, $5, $6)

-- name: run_went_on
update audit_run set subjects = $2, deadlines = $3, facts = $4, unknown = $5, found = $6,
    settled = $7, finished_at = $8
where run_id = $1

-- name: last_started
-- The last run that was done to its end.
select started_at from audit_run where finished_at is not null order by started_at desc limit 1

-- name: runs
select run_id, whole, by_role, by_name, started_at, finished_at, as_of, subjects, deadlines, facts,
    unknown, found, settled
from audit_run order by started_at desc limit $1

-- name: forget_runs
delete from audit_run r where r.started_at < $1 and not exists (
    select from audit_mismatch m where m.first_run = r.run_id or m.last_run = r.run_id)

-- name: heard_since
-- Tickets and whistles of which something was heard.
select distinct subject from fact where heard_at >= $1 and topic = any($2::text[])

-- name: link_blown
-- Which tickets each whistle was blown for, of what was heard since then; null: of the whole log.
insert into audit_link (ticket_id, whistle_id)
select distinct ticket.id::uuid, subject::uuid
from fact, jsonb_array_elements_text(event -> 'data' -> 'ticket_ids') as ticket (id)
where type = $1 and topic = $2 and ($3::timestamptz is null or heard_at >= $3)
on conflict do nothing

-- name: links
select ticket_id, whistle_id from audit_link
where ticket_id = any($1::uuid[]) or whistle_id = any($1::uuid[])

-- name: links_blown
-- What was blown since the run began stands in no link yet, but in the snapshot of its batch.
select ticket.id::uuid as ticket_id, subject::uuid as whistle_id
from fact, jsonb_array_elements_text(event -> 'data' -> 'ticket_ids') as ticket (id)
where type = $2 and topic = $3 and heard_at >= $4
    and (subject = any($1::text[]) or ticket.id = any($1::text[]))

-- name: fallen_due
select subject from audit_subject where next_at <= $1 order by next_at limit $2

-- name: longest_ago
-- What was not looked at for longest: so that all is audited in turn.
select subject from audit_subject where audited_at < $1 order by audited_at limit $2

-- name: subjects_after
-- The tickets and whistles of the log, in the order of their ids.
select subject from fact
where subject > $1 and topic = any($2::text[])
group by subject order by subject limit $3

-- name: facts_of
-- In the order of hearing; of a linked subject only what bears on the other.
select subject, type, at, heard_at, (event -> 'data')::text as data
from fact
where topic = any($1::text[])
    and ((subject = any($2::text[]) and type = any($3::text[]))
        or (subject = any($4::text[]) and type = any($5::text[])))
order by place

-- name: deadlines_of
select deadline_id, kind, whistle_id, ticket_id, state, late, due_by, met_at,
    ended_at is not null as ended, next_rung, fire_at, seq, history_hash
from every_deadline
where whistle_id = any($1::uuid[]) or (ticket_id = any($1::uuid[]) and whistle_id is null)

-- name: history_of_deadlines
select aggregate_id, seq, at, what, role, unit, actor_name, on_behalf_of, before, after, policy,
    previous_hash, hash
from history where aggregate_id = any($1::uuid[]) order by aggregate_id, seq

-- name: save_subjects
insert into audit_subject (subject, audited_at, next_at)
select u.subject, $2, u.next_at from unnest($1::uuid[], $3::timestamptz[]) as u (subject, next_at)
order by u.subject
on conflict (subject) do update set audited_at = excluded.audited_at, next_at = excluded.next_at

-- name: found
-- A mismatch that is open already is only seen again; `new` where it was not. One that was accepted
-- as it is now is told no more.
insert into audit_mismatch (subject, deadline_id, kind, what, expected, found, state, first_run,
    last_run, found_at, seen_at)
select u.subject, u.deadline_id, u.kind, u.what, u.expected, u.found, 'open', $7, $7, $8, $8
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
    as u (subject, deadline_id, kind, what, expected, found)
where not exists (
    select from audit_mismatch m
    where m.state = 'accepted' and m.deadline_id = u.deadline_id and m.kind = u.kind
        and m.what = u.what and m.expected = u.expected and m.found = u.found)
on conflict (deadline_id, kind, what) where state = 'open' do update set
    expected = excluded.expected, found = excluded.found, last_run = excluded.last_run,
    seen_at = excluded.seen_at
returning deadline_id, kind, what, xmax = 0 as new

-- name: settle
-- Of these subjects what this run did not see again.
update audit_mismatch set state = 'settled', settled_at = $3
where state = 'open' and subject = any($1::uuid[]) and last_run <> $2

-- name: open_subjects
-- Whether what was found still holds is looked at in every run; those first that it was longest ago.
select subject from audit_mismatch where state = 'open'
group by subject order by min(seen_at), subject limit $1

-- name: open_by_kind
select kind, count(*) as n from audit_mismatch where state = 'open' group by kind

-- name: mismatches
select mismatch_id, subject, deadline_id, kind, what, expected, found, state, found_at, seen_at,
    settled_at, accepted_at, accepted_by, accepted_words
from audit_mismatch
where state = any($1::text[]) and ($2::text is null or kind = $2) and mismatch_id < $3
order by mismatch_id desc limit $4

-- name: accept
update audit_mismatch
set state = 'accepted', accepted_at = $2, accepted_by = $3, accepted_words = $4
where mismatch_id = $1 and state = 'open'
returning mismatch_id, subject, deadline_id, kind, what, expected, found, state, found_at, seen_at,
    settled_at, accepted_at, accepted_by, accepted_words

-- name: orphans
-- Promises of tickets and whistles of which the log has no fact; one first heard of while the run
-- goes on was not audited, but is in the log.
select deadline_id, kind, state, coalesce(whistle_id, ticket_id) as subject
from deadline d
where deadline_id > $1
    and not exists (
        select from audit_subject s where s.subject = coalesce(d.whistle_id, d.ticket_id))
    and not exists (
        select from fact f
        where f.subject = coalesce(d.whistle_id, d.ticket_id)::text and f.topic = any($3::text[]))
order by deadline_id limit $2

-- name: last_pulse
select at from audit_pulse for update

-- name: pulse
insert into audit_pulse (only_one, at) values (true, $1)
on conflict (only_one) do update set at = excluded.at

-- name: add_gap
insert into audit_gap (since, until) values ($1, $2) on conflict do nothing

-- name: gaps
select since, until from audit_gap order by since
