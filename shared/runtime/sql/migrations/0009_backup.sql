-- When this database was backed up by `shaodao backup`, on wall time: written once it was finished.
create table backup_finished (
    finished_at timestamptz primary key,
    version text not null -- of the program that took it
);
