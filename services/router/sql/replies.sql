-- name: recent_replies
-- The last replies of each unit: what a new one is held against.
select r.whistle_id, r.ticket_id, r.unit, r.number, r.text, r.at
from unnest($1::text[]) as u (unit)
cross join lateral (
    select * from reply where reply.unit = u.unit and reply.at >= $2
    order by reply.at desc limit $3
) r

-- name: reply_add
-- A resolution that was rejected and made again has its last reply only.
insert into reply (whistle_id, ticket_id, unit, number, text, at)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
on conflict (whistle_id) do update set unit = excluded.unit, text = excluded.text, at = excluded.at

-- name: replies_forget
-- What nothing is held against any more.
delete from reply where unit = any($1::text[]) and at < $2
