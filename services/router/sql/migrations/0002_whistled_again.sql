-- A ticket whose whistle was withdrawn is whistled again in the same round: after a merge that was
-- undone, or a rejection that was appealed.
drop index whistle_once_a_round;
create unique index whistle_once_a_round on whistle (demand_ticket, round)
    where demand_ticket is not null and state <> 'withdrawn';
