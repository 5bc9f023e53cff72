-- A unit may owe something without a part in the whistle: a community its note of own effort, its
-- street an evaluation. A part is always some unit's.
alter table deadline drop constraint deadline_check8;
alter table deadline add constraint deadline_part_of_a_unit
    check (assignment_id is null or unit is not null);
