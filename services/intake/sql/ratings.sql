-- Campaigns of anonymous ratings, their unused codes and their votes.

-- name: keep_campaign
insert into rating_campaign (
    campaign_id, title, subject_kind, subject, subject_name, evaluator_class, region, starts_at,
    ends_at, made_by, made_at
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: campaign
select * from rating_campaign where campaign_id = $1

-- name: campaigns
-- Newest first; the region may be null.
select c.*, (select count(*)::int from rating_vote v where v.campaign_id = c.campaign_id) as votes
from rating_campaign c
where c.campaign_id < $1 and ($2::text is null or c.region like $2 || '%')
order by c.campaign_id desc
limit $3

-- name: count_codes
update rating_campaign set codes = codes + $2 where campaign_id = $1

-- name: end_campaign
update rating_campaign set ends_at = $2
where campaign_id = $1 and starts_at < $2 and ends_at > $2
returning campaign_id

-- name: campaign_of_code
select c.* from rating_code k join rating_campaign c using (campaign_id) where k.code_hash = $1

-- name: use_code
-- Gone at once: of two votes with one code, one finds it.
delete from rating_code where code_hash = $1 returning campaign_id

-- name: keep_vote
insert into rating_vote (vote_id, campaign_id, hour, answers) values ($1, $2, $3, $4)

-- name: vote_counts
select answer.key as question, answer.value as choice, count(*)::int as votes
from rating_vote, jsonb_each_text(answers) as answer
where campaign_id = $1
group by answer.key, answer.value

-- name: count_votes
select count(*)::int from rating_vote where campaign_id = $1

-- name: untold_votes
-- Those of past hours, in an order that tells nothing.
select vote_id, campaign_id, hour, answers from rating_vote
where not told and hour < $1
order by vote_id
limit $2
for update skip locked

-- name: votes_told
update rating_vote set told = true where vote_id = any($1::uuid[])
