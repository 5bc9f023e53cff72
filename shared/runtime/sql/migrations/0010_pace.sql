-- What a destination with a limit may still be sent, over all copies; on wall time.
create table delivery_pace (
    destination text primary key,
    budget float8 not null, -- messages that may be sent at once
    filled_at timestamptz not null
);
