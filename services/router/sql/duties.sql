-- name: city_version
select version from city_version

-- name: city_changed
-- Locks the one row until the commit: changes of the city come one after the other.
update city_version set version = version + 1 returning version

-- name: versions
select version, state, based_on, note, drafted_by, drafted_at, editors, edits, tried,
    published_by, published_at, seq, history_hash
from duty_version order by version desc limit $1

-- name: version
select version, state, based_on, note, drafted_by, drafted_at, editors, edits, tried,
    published_by, published_at, seq, history_hash
from duty_version where version = $1

-- name: version_locked
select version, state, based_on, note, drafted_by, drafted_at, editors, edits, tried,
    published_by, published_at, seq, history_hash
from duty_version where version = $1 for update

-- name: version_in_state
select version, state, based_on, note, drafted_by, drafted_at, editors, edits, tried,
    published_by, published_at, seq, history_hash
from duty_version where state = $1

-- name: last_version
select coalesce(max(version), 0) from duty_version

-- name: version_add
insert into duty_version (version, state, based_on, note, drafted_by, drafted_at, editors, edits,
    tried, published_by, published_at, seq, history_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: version_update
update duty_version
set state = $2, note = $3, editors = $4, edits = $5, tried = $6, published_by = $7,
    published_at = $8, seq = $9, history_hash = $10
where version = $1

-- name: rows
select duty_id, subject, region, condition, unit, clause, valid_from, valid_to
from duty_row where version = $1

-- name: rows_of_unit
-- How many rows of the published list name a unit.
select count(*) from duty_row r join duty_version v using (version)
where v.state = 'published' and r.unit = $1

-- name: rows_forget
delete from duty_row where version = $1 and duty_id = any($2::uuid[])

-- name: rows_copy
insert into duty_row (version, duty_id, subject, region, condition, unit, clause, valid_from,
    valid_to)
select $2, duty_id, subject, region, condition, unit, clause, valid_from, valid_to
from duty_row where version = $1

-- name: propose
-- The same proposal again, of another ruling, only adds its whistle.
insert into duty_proposal as p (proposal_id, state, subject, region, unit, clause, whistle_ids,
    proposed_by, proposed_at)
values ($1, 'proposed', $2, $3, $4, $5, array_remove(array[$6::uuid], null), $7, $8)
on conflict (subject, region, unit) where state in ('proposed', 'taken')
do update set whistle_ids = array_cat(p.whistle_ids,
    array(select unnest(excluded.whistle_ids) except select unnest(p.whistle_ids)))
returning proposal_id

-- name: proposals
select proposal_id, state, subject, region, unit, clause, whistle_ids, proposed_by, proposed_at,
    version, decided_by, decided_at, reason
from duty_proposal
where ($1::text is null or state = $1) and ($2::uuid is null
    or (proposed_at, proposal_id) > (select proposed_at, proposal_id from duty_proposal
                                     where proposal_id = $2))
order by proposed_at, proposal_id limit $3

-- name: proposal_locked
select proposal_id, state, subject, region, unit, clause, whistle_ids, proposed_by, proposed_at,
    version, decided_by, decided_at, reason
from duty_proposal where proposal_id = $1 for update

-- name: proposal_same
select proposal_id, state, subject, region, unit, clause, whistle_ids, proposed_by, proposed_at,
    version, decided_by, decided_at, reason
from duty_proposal
where subject = $1 and region = $2 and unit = $3 and state in ('proposed', 'taken')

-- name: proposal_decided
update duty_proposal
set state = $2, version = $3, decided_by = $4, decided_at = $5, reason = $6
where proposal_id = $1

-- name: proposals_adopt
update duty_proposal set state = 'adopted' where version = $1 and state = 'taken'

-- name: proposals_give_back
update duty_proposal
set state = 'proposed', version = null, decided_by = null, decided_at = null
where version = $1 and state = 'taken'

-- name: past_tickets
-- A batch of those registered in a span of time, in the order of their ids.
select ticket_id, state, round, registered_at, merged_into, registered, group_flagged
from ticket
where ticket_id > $1 and registered_at >= $2 and registered_at < $3
    and not (registered::jsonb ->> 'canary')::boolean
order by ticket_id limit $4
