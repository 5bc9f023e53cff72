-- What joint matters, suspensions, disputes and reviews keep of a whistle and its parts.
alter table whistle
    add column in_charge text, -- who accepts, releases and evaluates: the blower, or who took over
    add column takeover_by timestamptz, -- until then the street may take over a community's whistle
    add column place_key text, -- compound, grid or address: repeat whistles of a place are found by it
    add column cross_district boolean not null default false;
update whistle set in_charge = blower where kind <> 'citizen_demand' or demand_ticket is null;
create index whistle_of_place on whistle (place_key, whistle_id) where place_key is not null;

alter table assignment
    add column departed_at timestamptz, -- on the way
    add column handler text, -- whose desk it is on, by name
    add column handler_post text, -- and section or post
    add column action text, -- what the consultation decided for this unit
    add column ruled_at timestamptz, -- the last ruling: a dispute is open for one working day
    add column disputed boolean not null default false, -- the one dispute was made
    add column suspension_asked text, -- reason code, waiting for the supervisor
    add column paused_at timestamptz,
    add column reviewing boolean not null default false, -- done, and waits for a reviewer
    add check (not reviewing or state = 'done'),
    add check ((paused_at is not null) = (state = 'paused'));
