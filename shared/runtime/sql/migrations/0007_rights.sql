-- What a service's own role may do in its database: rows, never tables, and to a ledger only add.
-- The owner of the tables is another role, which runs migrations and gives these rights after them.
-- What a service needs of an owner at run time is a function that runs as its owner.

-- Gives a role exactly its rights, whatever it had before. A ledger is a table with a trigger named
-- `<table>_append_only`: nothing of it is changed, and nothing removed but by a trigger's leave,
-- row by row. Partitions are reached by way of their table alone.
create function give_rights(role_name text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    each record;
begin
    execute 'revoke all on schema public from public';
    execute format('revoke all on schema public from %I', role_name);
    execute format('grant usage on schema public to %I', role_name);
    for each in
        select c.oid::regclass::text as name, c.relkind, c.relname, c.relispartition,
            t.tgname is not null as is_ledger, coalesce(t.tgtype & 1 = 1, true) as may_delete
        from pg_class c
        left join pg_trigger t on t.tgrelid = c.oid and t.tgname = c.relname || '_append_only'
        where c.relnamespace = 'public'::regnamespace
            and c.relkind in ('r', 'p', 'v', 'm', 'S')
        order by c.relname
    loop
        execute format('revoke all on %s from public, %I', each.name, role_name);
        if each.relkind = 'S' then
            execute format('grant usage, select on sequence %s to %I', each.name, role_name);
        elsif each.relname = 'schema_migration' then
            execute format('grant select on %s to %I', each.name, role_name);
        elsif not each.relispartition then
            execute format('grant select, insert on %s to %I', each.name, role_name);
            if not each.is_ledger then
                execute format('grant update on %s to %I', each.name, role_name);
            end if;
            if each.may_delete then
                execute format('grant delete on %s to %I', each.name, role_name);
            end if;
        end if;
    end loop;
    execute 'revoke all on all functions in schema public from public';
    execute format('grant execute on all functions in schema public to %I', role_name);
    execute format('revoke execute on function give_rights(text) from %I', role_name);
end $$;
