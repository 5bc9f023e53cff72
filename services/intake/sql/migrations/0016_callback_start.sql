-- Until when somebody is to be asked for the first time; with the first try it is kept.
alter table callback_task add column start_by text; -- JSON of values.Due
