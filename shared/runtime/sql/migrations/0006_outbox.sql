-- Events of up to 8 kB stay on their page: cut into pieces, each would be written, read and deleted
-- in two tables.
alter table outbox set (toast_tuple_target = 8160);
