-- name: find_ranking
select * from ranking where subjects = $1 and quarter = $2

-- name: ranking_locked
select * from ranking where ranking_id = $1 for update

-- name: add_ranking
insert into ranking
    (ranking_id, subjects, quarter, state, opened_at, objections_by, seq, history_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (subjects, quarter) do nothing

-- name: publish_ranking
update ranking set state = 'published', published_at = $2, seq = $3, history_hash = $4
where ranking_id = $1

-- name: mark_ranking
update ranking set seq = $2, history_hash = $3 where ranking_id = $1

-- name: ranking_rows
select * from ranking_row where ranking_id = $1 order by rank nulls last, subject

-- name: drop_ranking_rows
delete from ranking_row where ranking_id = $1

-- name: published_ranks
select r.subject, r.rank from ranking_row r join ranking k on k.ranking_id = r.ranking_id
where k.subjects = $1 and k.quarter = $2 and k.state = 'published' and r.rank is not null

-- name: list_rankings
select * from ranking where $1::text is null or subjects = $1
order by quarter desc, subjects limit $2

-- name: add_objection
insert into ranking_objection (objection_id, ranking_id, subject, words, said_by, said_at)
values ($1, $2, $3, $4, $5, $6)

-- name: objections
select objection_id, ranking_id, subject, words, said_by, said_at, answer, upheld, answered_by, answered_at
from ranking_objection where ranking_id = $1 order by said_at, objection_id

-- name: objection_locked
select objection_id, ranking_id, subject, words, said_by, said_at, answer, upheld, answered_by, answered_at
from ranking_objection where objection_id = $1 for update

-- name: answer_objection
update ranking_objection set answer = $2, upheld = $3, answered_by = $4, answered_at = $5
where objection_id = $1
