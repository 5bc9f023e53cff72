-- name: heads
-- A ruling has one row of history, and a second one when it was taken back; its `seq` is the
-- ticket's.
select deadline_id as aggregate_id, 'deadline' as what, seq, history_hash as hash
from every_deadline where deadline_id = any($1::uuid[])
union all
select supervision_id, 'supervision', seq, history_hash
from supervision where supervision_id = any($1::uuid[])
union all
select person_id, 'duty_person', seq, history_hash
from duty_person where person_id = any($1::uuid[])
union all
select shift_id, 'duty_shift', seq, history_hash
from duty_shift where shift_id = any($1::uuid[])
union all
select gap_id, 'watch_gap', seq, history_hash from watch_gap where gap_id = any($1::uuid[])
union all
select exclusion_id, 'exclusion', case when ended_at is null then 1 else 2 end, history_hash
from exclusion where exclusion_id = any($1::uuid[])
union all
select ranking_id, 'ranking', seq, history_hash from ranking where ranking_id = any($1::uuid[])

-- name: without_history
select aggregate_id, what, seq, hash
from (
    select deadline_id as aggregate_id, 'deadline' as what, seq, history_hash as hash
    from every_deadline
    union all
    select supervision_id, 'supervision', seq, history_hash from supervision
    union all
    select person_id, 'duty_person', seq, history_hash from duty_person
    union all
    select shift_id, 'duty_shift', seq, history_hash from duty_shift
    union all
    select gap_id, 'watch_gap', seq, history_hash from watch_gap
    union all
    select exclusion_id, 'exclusion', 1, history_hash from exclusion
    union all
    select ranking_id, 'ranking', seq, history_hash from ranking
) as head
where not exists (select from history where history.aggregate_id = head.aggregate_id)
limit $1

-- name: months_dropped
-- Promises that ended before this are kept no longer.
select max(ended_before) from ended_dropped
