-- How far a database's schema is, as its table of migrations says.

-- name: has_migrations
select to_regclass('schema_migration') is not null

-- name: applied
select name, sha256 from schema_migration order by applied_order
