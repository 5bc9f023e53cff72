-- name: absence_add
insert into grid_absence (absence_id, grid, absent_from, absent_until, reason, told_by, told_at)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: absence_end
-- Back at work; not told again for one that is over.
update grid_absence set ended_at = $3, ended_by = $4
where absence_id = $1 and grid = $2 and ended_at is null and absent_until > $3
returning absence_id

-- name: absences
-- The last to end: those that are over stand behind the others and are passed over.
select absence_id, grid, absent_from, absent_until, reason, told_by
from grid_absence where ended_at is null order by absent_until desc limit 1000
