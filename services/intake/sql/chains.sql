-- name: heads
select ticket_id, seq, history_hash from ticket where ticket_id = any($1::uuid[])

-- name: without_history
select ticket_id, seq, history_hash from ticket
where not exists (select from history where history.aggregate_id = ticket.ticket_id)
limit $1
