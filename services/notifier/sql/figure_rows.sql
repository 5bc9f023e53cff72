-- name: follow_alone
-- One copy follows at a time; the lock ends with the transaction.
select pg_try_advisory_xact_lock(hashtext('figures'))

-- name: followed_by_nobody_else
-- The rebuilt set takes the place of the other: waits for the follower's batch, and keeps it away.
select pg_advisory_xact_lock(hashtext('figures'))

-- name: rebuild_alone
-- Held by the connection until the rebuild is over.
select pg_try_advisory_lock(hashtext('figures-rebuild'))

-- name: rebuild_over
select pg_advisory_unlock(hashtext('figures-rebuild'))

-- name: position
select place from figure_position

-- name: move_position
update figure_position set place = $1

-- name: whistles_by_id
select * from figure_whistle where whistle_id = any($1::uuid[])

-- name: whistles_by_ticket
select * from figure_whistle where ticket_id = any($1::uuid[])

-- name: tickets_by_id
select * from figure_ticket where ticket_id = any($1::uuid[])

-- name: rounds_by_ticket
select * from figure_round where ticket_id = any($1::uuid[])

-- name: parts_by_whistle
select * from figure_part where whistle_id = any($1::uuid[])

-- name: marks_by_whistle
select * from figure_mark where whistle_id = any($1::uuid[])

-- name: drop_tickets
delete from figure_ticket where ticket_id = any($1::uuid[])

-- name: drop_rounds
delete from figure_round where ticket_id = any($1::uuid[])

-- name: drop_whistles
delete from figure_whistle where whistle_id = any($1::uuid[])

-- name: drop_parts
delete from figure_part where whistle_id = any($1::uuid[])

-- name: drop_marks
delete from figure_mark where whistle_id = any($1::uuid[])

-- name: save_ratings
insert into figure_rating
    (rating_id, subject_kind, subject, evaluator_class, answer, campaign, at, day)
select * from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
    $8::date[]
)
on conflict (rating_id) do nothing

-- name: save_units
insert into figure_unit (code, name, parent, level, kind, region, active)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[]
)
on conflict (code) do update set
    name = excluded.name,
    parent = excluded.parent,
    level = excluded.level,
    kind = excluded.kind,
    region = excluded.region,
    active = excluded.active

-- name: make_shadow
select make_figure_shadow()

-- name: in_shadow
-- The statements of this file reach the set that is being built.
select set_config('search_path', 'figures_next,' || current_schema(), true)

-- name: out_of_shadow
set local search_path to default

-- name: wait_briefly
-- For those who read the tables now; whoever comes after waits behind us.
select set_config('lock_timeout', '3s', true)

-- name: swap_shadow
select swap_figure_shadow()

-- name: drop_shadow
select drop_figure_shadow()
