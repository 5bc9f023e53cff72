-- A year that became known changes the city, like its units and its duty list.
create function city_changed() returns trigger language plpgsql as $$
begin
    update city_version set version = version + 1;
    return null;
end $$;
create trigger calendar_changes_city after insert or update on calendar_year
    for each statement execute function city_changed();

-- Parts with a due time that rests on a year not announced yet: few, at the end of a year.
create index assignment_provisional on assignment (whistle_id)
    where running and dues like '%"provisional":true%';
