-- Statements of saved views and of lists taken out.

-- name: view_save
-- A view of the same owner and name is replaced.
insert into saved_view (view_id, account, owner_name, name, query, shared, at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (account, name) do update set
    owner_name = excluded.owner_name,
    query = excluded.query,
    shared = excluded.shared,
    at = excluded.at
returning view_id, account, owner_name, name, query, shared, at

-- name: views_of
-- One's own first, then those that others share.
select view_id, account, owner_name, name, query, shared, at
from saved_view
where account = $1 or shared
order by account <> $1, name, view_id
limit $2

-- name: view_count
select count(*) from saved_view where account = $1

-- name: view_share
update saved_view set shared = $3 where view_id = $1 and account = $2
returning view_id, account, owner_name, name, query, shared, at

-- name: view_forget
delete from saved_view where view_id = $1 and account = $2 returning view_id

-- name: export_begin
insert into list_export (export_id, at, role, unit, actor_name, account, query)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: export_end
update list_export set rows = $2 where export_id = $1
