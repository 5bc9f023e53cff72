-- Intake's own due times that rest on a year not announced yet: few, at the end of a year.
create index promise_provisional on promise (ticket_id)
    where due_provisional and owner_id = ticket_id;
-- For an outage: its own due times inside it.
create index promise_own_due on promise (due_by) where owner_id = ticket_id;
