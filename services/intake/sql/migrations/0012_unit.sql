-- What the router says of units: those of the city's file and those that came or changed later.
create sequence unit_change;

create table unit (
    code text primary key,
    declared text not null, -- JSON of shared.contracts.units.UnitDeclared
    change bigint not null default nextval('unit_change')
);
create unique index unit_by_change on unit (change); -- each copy reads what is new to it
