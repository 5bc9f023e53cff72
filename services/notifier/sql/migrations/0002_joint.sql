-- What a community and its street owe in a joint matter: a note of own effort, an evaluation.
alter table deadline drop constraint deadline_kind_check;
alter table deadline add constraint deadline_kind_check check (kind in (
    'dispatch', 'callback', 'citizen', 'acknowledge', 'deemed', 'contact', 'arrive', 'resolve',
    'ruling', 'review', 'extension', 'suspension', 'takeover', 'own_effort', 'evaluation'));

-- A unit may owe something without a part in the whistle; a part is always some unit's.
alter table deadline drop constraint deadline_check8;
alter table deadline add constraint deadline_part_of_a_unit
    check (assignment_id is null or unit is not null);
