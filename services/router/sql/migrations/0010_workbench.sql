-- A unit's workbench reads what runs; of a large bureau most of its assignments have ended.
create index whistle_running on whistle (whistle_id) where state in ('open', 'awaiting_acceptance');
