-- Reports on progress, and the written answers that supervision asks for.
alter table deadline drop constraint deadline_kind_check;
alter table deadline add constraint deadline_kind_check check (kind in (
    'dispatch', 'callback', 'citizen', 'acknowledge', 'deemed', 'contact', 'arrive', 'resolve',
    'ruling', 'review', 'extension', 'suspension', 'takeover', 'own_effort', 'evaluation',
    'progress', 'supervision'));

-- What has ended leaves the table of the watch for monthly partitions by `ended_at`, and comes back
-- when a late fact is about it. Both tables have the same columns: who adds one to `deadline` adds
-- it here and makes the view anew. History stays where it is.
create table deadline_ended (like deadline including constraints) partition by range (ended_at);
alter table deadline_ended alter column ended_at set not null;
alter table deadline_ended add check (fire_at is null);
alter table deadline_ended add primary key (deadline_id, ended_at);
create index deadline_ended_whistle on deadline_ended (whistle_id) where whistle_id is not null;
create index deadline_ended_ticket on deadline_ended (ticket_id) where ticket_id is not null;
create index deadline_ended_unit on deadline_ended (unit, due_by, deadline_id)
    where unit is not null;
create index deadline_ended_state on deadline_ended (state, due_by, deadline_id);
create index deadline_to_put_away on deadline (ended_at) where ended_at is not null;

create view every_deadline as
    select * from deadline union all select * from deadline_ended;

-- As `ensure_fact_month`: true when the month's partition was there.
create function ensure_ended_month(month_start timestamptz, month_end timestamptz) returns boolean
language plpgsql as $$
declare
    partition text := 'deadline_ended_' || to_char(month_start at time zone 'UTC', 'YYYY_MM');
begin
    if fact_month_exists(partition) then
        return true;
    end if;
    perform pg_advisory_xact_lock(hashtext('ensure_ended_month'));
    if fact_month_exists(partition) then
        return true;
    end if;
    execute format('create table %I (like deadline_ended including constraints)', partition);
    execute format(
        'alter table deadline_ended attach partition %I for values from (%L) to (%L)',
        partition, month_start, month_end
    );
    return false;
end $$;

-- Drops the partitions of months that ended before; returns how many.
create function drop_ended_months(before timestamptz) returns int
language plpgsql as $$
declare
    partition text;
    dropped int := 0;
begin
    for partition in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'deadline_ended'::regclass
            and to_timestamp(right(c.relname, 7) || ' +00', 'YYYY_MM TZH') + interval '1 month'
                <= before
        order by c.relname
    loop
        execute format('drop table %I', partition);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;
