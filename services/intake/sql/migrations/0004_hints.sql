-- Hints: requests near a place, groups of callers, and what the desk's confirmations taught.

-- Many callers, one matter.
alter table ticket add column group_matter boolean not null default false;

-- Open requests of a compound, of a community, around a point: to look for the same matter there.
create index ticket_near_compound on ticket (compound, category, ticket_id)
    where ended_at is null and compound is not null;
create index ticket_near_community on ticket ((left(region, 12)), category, ticket_id)
    where ended_at is null and length(region) >= 12;
create index ticket_near_point on ticket (lat, lon)
    where ended_at is null and lat is not null;

-- How many confirmed texts a category has, and in how many of them a word stood. Both fade: `texts`
-- is what it was at `at`.
create table learned_category (
    category text primary key,
    texts double precision not null check (texts > 0),
    at timestamptz not null
);
create table learned_word (
    word text not null check (length(word) between 2 and 20),
    category text not null,
    texts double precision not null check (texts > 0),
    at timestamptz not null,
    primary key (word, category)
);

-- How many texts one person taught for a category on a day: nobody teaches more than the limit.
create table learned_from (
    day date not null,
    teacher text not null,
    category text not null,
    texts int not null check (texts > 0),
    primary key (day, teacher, category)
);

-- Up to which ticket the confirmations are learned; one row.
create table learned_up_to (
    one_row boolean primary key default true check (one_row),
    ticket_id uuid not null
);
insert into learned_up_to (ticket_id) values ('00000000-0000-0000-0000-000000000000');
