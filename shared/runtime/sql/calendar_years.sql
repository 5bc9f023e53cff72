-- name: calendar_years
select year, holidays, workdays, source, loaded_at, loaded_by from calendar_year order by year

-- name: put_calendar_year
-- True when it says something else than before.
insert into calendar_year as known (year, holidays, workdays, source, loaded_at, loaded_by)
values ($1, $2, $3, $4, $5, $6)
on conflict (year) do update set
    holidays = excluded.holidays,
    workdays = excluded.workdays,
    source = excluded.source,
    loaded_at = excluded.loaded_at,
    loaded_by = excluded.loaded_by
where (known.holidays, known.workdays) is distinct from (excluded.holidays, excluded.workdays)
returning true
