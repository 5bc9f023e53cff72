-- A whistle that only tries the whole path; its unit is the canary's own, and nobody's work.
alter table whistle add column canary boolean not null default false;
alter table unit drop constraint unit_kind_check;
alter table unit add constraint unit_kind_check check (kind in
    ('government', 'bureau', 'utility', 'street', 'community', 'property', 'probe'));
