-- Statements of signing in with a password: the tries, and how many failed.

-- name: login_attempt_lock
-- Tries of one login, and of one address, are counted one after another.
select pg_advisory_xact_lock(7001, hashtext($1)), pg_advisory_xact_lock(7002, hashtext($2));

-- name: login_attempt_failures
-- The failures that count: of this login since it last succeeded, and of this address.
select
    array(
        select at from login_attempt
        where login = $1 and not succeeded and at > $3
            and at > coalesce(
                (select max(at) from login_attempt where login = $1 and succeeded and at > $3), $3)
        order by at desc limit $5
    ) as of_login,
    array(
        select at from login_attempt
        where address = $2 and not succeeded and at > $4
        order by at desc limit $6
    ) as of_address;

-- name: login_attempt_add
insert into login_attempt (login, address, at) values ($1, $2, $3) returning login_attempt_id;

-- name: login_attempt_succeeded
update login_attempt set succeeded = true where login_attempt_id = $1;

-- name: login_attempt_forget
delete from login_attempt where login_attempt_id = any (array(
    select login_attempt_id from login_attempt where at < $1 order by at limit 100));
