-- The last rebuild of the figures, told by whichever copy is asked.
create table rebuild_status (
    only_one boolean primary key check (only_one),
    state text not null check (state in ('running', 'done', 'failed')),
    began_at timestamptz not null,
    facts_left bigint not null check (facts_left >= 0),
    place bigint, -- of the fact log, up to which the new set goes
    differs jsonb, -- by table; null: nothing to compare with
    error text,
    check ((state = 'done') = (place is not null)),
    check ((state = 'failed') = (error is not null))
);

-- How far the set that is being built differs from the one that is read: rows in one alone.
create function compare_figure_shadow()
returns table (name text, n bigint, only_before bigint, only_after bigint)
language plpgsql stable set search_path = public, pg_temp as $$
begin
    foreach name in array figure_tables() loop
        continue when name = 'figure_position';
        execute format('select count(*) from figures_next.%I', name) into n;
        execute format(
            'select count(*) from (table %1$I except all table figures_next.%1$I) d', name
        ) into only_before;
        execute format(
            'select count(*) from (table figures_next.%1$I except all table %1$I) d', name
        ) into only_after;
        return next;
    end loop;
end $$;
