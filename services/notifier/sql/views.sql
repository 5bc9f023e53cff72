-- name: view_save
insert into board_view (view_id, account, name, query, at) values ($1, $2, $3, $4, $5)
on conflict (account, name) do update set query = excluded.query, at = excluded.at
returning view_id, account, name, query, at

-- name: views_of
select view_id, account, name, query, at
from board_view where account = $1 order by name, view_id

-- name: view_forget
delete from board_view where view_id = $1 and account = $2 returning view_id
