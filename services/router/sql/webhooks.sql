-- Webhooks of departments. Times are parameters, on wall time.

-- name: put_webhook
-- A new address is a new beginning: what kept the webhook off is forgotten.
insert into webhook (unit, url, streams, key_id, sealed, changed_at, changed_by)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (unit) do update set
    url = excluded.url, streams = excluded.streams, key_id = excluded.key_id,
    sealed = excluded.sealed, former_key_id = null, former_sealed = null, former_until = null,
    disabled_at = null, disabled_why = null,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by

-- name: keep_former
update webhook set former_key_id = $2, former_sealed = $3, former_until = $4 where unit = $1

-- name: webhook
select * from webhook where unit = $1

-- name: webhook_for_update
select * from webhook where unit = $1 for update

-- name: remove_webhook
delete from webhook where unit = $1 returning unit

-- name: disable_webhook
update webhook set disabled_at = $2, disabled_why = $3 where unit = $1 and disabled_at is null
returning unit

-- name: cursors_back
-- To the first event of each stream that was queued and is not sent: it is queued again later.
update webhook_cursor set next_offset = least(next_offset, not_sent.first)
from (
    select values ->> 'stream' as stream, min((values ->> 'offset')::bigint) as first
    from delivery
    where destination = $2 and state in ('queued', 'leased')
    group by 1
) as not_sent
where webhook_cursor.unit = $1 and webhook_cursor.stream = not_sent.stream

-- name: set_cursor
insert into webhook_cursor (unit, stream, next_offset) values ($1, $2, $3)
on conflict (unit, stream) do update set next_offset = excluded.next_offset

-- name: begin_cursor
insert into webhook_cursor (unit, stream, next_offset) values ($1, $2, $3)
on conflict (unit, stream) do nothing

-- name: keep_cursors
delete from webhook_cursor where unit = $1 and stream <> all($2::text[])

-- name: cursors_of
select * from webhook_cursor where unit = $1 order by stream

-- name: cursors
-- Of the webhooks that are called.
select webhook_cursor.* from webhook_cursor join webhook using (unit)
where disabled_at is null order by unit, stream

-- name: hold_webhook
-- Whoever forwards holds the webhook, so that it is not switched off in between.
select unit from webhook where unit = $1 and disabled_at is null for share

-- name: advance
-- Only who read from where the cursor still stands moves it: of two copies one.
update webhook_cursor set next_offset = $4
where unit = $1 and stream = $2 and next_offset = $3
returning unit

-- name: waiting
-- How much waits for one webhook, at most so many counted.
select count(*)::int from (
    select from delivery
    where destination = $1 and state in ('queued', 'leased') limit $2
) as waiting
