-- A ticket that only tries the whole path: no person's, in no list, figure, hint or export.
alter table ticket add column canary boolean not null default false;
