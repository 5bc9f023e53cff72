-- The statements that make a service's roles and database on a server, run by its administrator.
-- Names and passwords cannot be parameters of DDL: the server itself quotes them (format, %I, %L).

-- name: role_exists
select exists (select from pg_roles where rolname = $1)

-- name: create_role
select format('create role %I login password %L', $1::text, $2::text)

-- name: set_password
select format('alter role %I login password %L', $1::text, $2::text)

-- name: create_database
select format('create database %I owner %I', $1::text, $2::text)

-- name: create_from_template
select format('create database %I owner %I template %I strategy wal_log', $1::text, $2::text, $3::text)

-- name: drop_database
select format('drop database if exists %I with (force)', $1::text)

-- name: revoke_public
select format('revoke connect, temporary on database %I from public', $1::text)

-- name: grant_connect
select format('grant connect on database %I to %I', $1::text, $2::text)

-- name: owner_of
select pg_get_userbyid(datdba) from pg_database where datname = $1

-- name: reassign_owned
-- What a service's own role owned before there was another one for that; in one database.
select format('reassign owned by %I to %I', $1::text, $2::text)

-- name: grant_owner
select format('grant %I to current_user', $1::text)

-- name: is_superuser
select rolsuper from pg_roles where rolname = current_user
