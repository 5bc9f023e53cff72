-- What street and community said of a joint matter: the acceptance, and their marks for each unit.

-- The acceptance that stands; failed ones are in the history.
create table acceptance (
    whistle_id uuid primary key references whistle,
    accepted_at timestamptz not null,
    unit text not null, -- who accepted
    name text,
    words text not null,
    photos uuid[] not null,
    attended text[] not null,
    resident_joined boolean not null,
    evaluate_by timestamptz not null
);

create table evaluation (
    whistle_id uuid not null references whistle,
    unit text not null, -- who is rated
    evaluator_class text not null, -- community, street; district or city where one of theirs blew
    by_unit text not null,
    by_name text,
    evaluated_at timestamptz not null,
    timely int not null check (timely between 0 and 100),
    present int not null check (present between 0 and 100),
    effect int not null check (effect between 0 and 100),
    cooperation int not null check (cooperation between 0 and 100),
    score real not null check (score between 0 and 100),
    weight real not null check (weight > 0),
    rating text check (rating in ('satisfied', 'basically', 'unsatisfied', 'unknown')),
    solved boolean,
    words text not null,
    primary key (whistle_id, unit, evaluator_class),
    check (abs(score - (timely + present + effect + cooperation)) < 0.01)
);
create index evaluation_of_unit on evaluation (unit, whistle_id);

-- The street console's board: what streets and communities blew, newest first. No report changes
-- a column of it.
create index whistle_on_board on whistle (whistle_id desc) where in_charge is not null;
