-- Statements of the bench itself, and those of its bare floors.

-- name: checkpoint
-- What an earlier run left to write shall not be written in this one's time.
checkpoint;

-- name: keep_commit_times
-- The server itself notes when each transaction was committed: nobody need look on. After a start.
alter system set track_commit_timestamp = on;

-- name: vacuum
vacuum (analyze);

-- name: waiting
-- Whether another connection waits for a lock with such a statement.
select exists (
    select from pg_stat_activity
    where wait_event_type = 'Lock' and pid <> pg_backend_pid() and query ilike $1
);

-- name: shut_inbox
lock table inbox in access exclusive mode;

-- name: shut_outbox
lock table outbox in access exclusive mode;

-- name: outbox_empty
-- Whether all was sent.
select not exists (select from outbox);

-- name: begin
begin;

-- name: rollback
rollback;

-- name: columns
-- The columns of a table that are written by whoever inserts.
select array_agg(attname::text order by attnum)
from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
    and attgenerated = '' and attidentity = '';

-- name: insert_statement
-- A plain insert of one row into a table; the server itself quotes the names.
select format('insert into %I (%s) values (%s)', $1::text,
    string_agg(quote_ident(name), ', ' order by place), string_agg('$' || place, ', ' order by place))
from unnest($2::text[]) with ordinality as columns (name, place);

-- name: select_statement
-- Every row of a table, these columns in this order.
select format('select %s from %I', string_agg(quote_ident(name), ', ' order by place), $1::text)
from unnest($2::text[]) with ordinality as columns (name, place);

-- name: count_statement
select format('select count(*) from %I', $1::text);

-- name: next_number
select nextval('ticket_running');

-- name: deadlines_waiting
-- How many promises have nothing to fire but their due time.
select count(*) from deadline where state = 'running' and fire_at = $1 and due_by = $1;

-- name: deadlines_missed
select count(*) from deadline where state = 'missed';

-- name: one_missed
select due_by, next_rung, fire_at from deadline where state = 'missed' limit 1;

-- name: claim_and_miss
-- The floor of the watch: what is due is claimed and marked missed, and nothing is decided.
with due as (
    select deadline_id from deadline
    where fire_at <= $1
    order by fire_at
    for update skip locked
)
update deadline d
set state = 'missed', late = true, fired = array_append(d.fired, d.next_rung),
    next_rung = $2, fire_at = $3, seq = d.seq + 1
from due
where d.deadline_id = due.deadline_id;

-- name: dispatched
select count(*) = $1::bigint from whistle where state = 'open';

-- name: offered
-- Who must acknowledge; the whistles of one unit do not stand side by side.
select whistle_id, unit from assignment
where state = 'offered' and relation <> 'informed'
order by md5(assignment_id::text);

-- name: acknowledged
select whistle_id, unit, assignment_id, state, acknowledged_at
from assignment where acknowledged_at is not null;

-- name: all_acknowledged
select count(*) = $1::bigint from assignment where acknowledged_at is not null;

-- name: floor_whistles
update whistle w
set seq = n.seq, history_hash = n.history_hash
from unnest($1::uuid[], $2::int[], $3::bytea[]) as n (whistle_id, seq, history_hash)
where w.whistle_id = n.whistle_id;

-- name: floor_assignments
update assignment a
set state = n.state, acknowledged_at = n.acknowledged_at
from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as n (assignment_id, state, acknowledged_at)
where a.assignment_id = n.assignment_id;

-- name: add_units
insert into unit (code, seq, name, parent, level, kind, function_codes, region_code, can_whistle,
    duty_24h, active, reachable, history_hash)
select code, 1, '临时指挥部', 'BH-GOV', 'district', 'bureau', '{LSZ}', '159902', false, true, true,
    true, ''
from unnest($1::text[]) as code;
