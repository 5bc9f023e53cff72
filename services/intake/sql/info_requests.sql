-- name: keep_info_request
insert into info_request (ticket_id, asked_at, missing, dispatch_share) values ($1, $2, $3, $4)

-- name: info_request_of
select asked_at, missing, dispatch_share from info_request where ticket_id = $1

-- name: info_supplied
update info_request set supplied_at = $2 where ticket_id = $1 and supplied_at is null
