-- What the notifier does with tables while it runs, done by their owner: it may touch rows alone.
-- Each of these does one thing that its caller cannot bend to another.
alter function ensure_fact_month(timestamptz, timestamptz)
    security definer set search_path = public, pg_temp;
alter function ensure_ended_month(timestamptz, timestamptz)
    security definer set search_path = public, pg_temp;
alter function swap_figure_shadow() security definer set search_path = public, pg_temp;

-- The second set is made as before, then whoever may touch the first may touch it too.
alter function make_figure_shadow() rename to make_figure_tables;
alter function make_figure_tables() set search_path = public, pg_temp;
create function make_figure_shadow() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    grantee text;
begin
    perform make_figure_tables();
    for grantee in
        select distinct a.grantee::regrole::text
        from pg_class c, aclexplode(c.relacl) a
        where c.oid = 'figure_ticket'::regclass and a.grantee not in (0, c.relowner)
    loop
        execute format('grant usage on schema figures_next to %s', grantee);
        execute format(
            'grant select, insert, update, delete on all tables in schema figures_next to %s',
            grantee
        );
    end loop;
end $$;
create function drop_figure_shadow() returns void
language sql security definer set search_path = public, pg_temp as $$
    drop schema if exists figures_next cascade
$$;

-- Facts are what was heard: they are added, and no more.
create function fact_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the fact log is append-only';
end $$;
create trigger fact_append_only before update or delete or truncate on fact
    for each statement execute function fact_is_append_only();

-- Which months of ended promises were dropped: their histories stay, and have no promise any more.
create table ended_dropped (
    ended_before timestamptz primary key,
    months int not null check (months >= 1)
);
create function ended_dropped_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger of dropped months is append-only';
end $$;
create trigger ended_dropped_append_only before update or delete or truncate on ended_dropped
    for each statement execute function ended_dropped_is_append_only();
create or replace function drop_ended_months(before timestamptz) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
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
    if dropped > 0 then
        insert into ended_dropped (ended_before, months) values (before, dropped)
        on conflict (ended_before) do nothing;
    end if;
    return dropped;
end $$;
