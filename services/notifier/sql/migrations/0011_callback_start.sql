-- The first try of a callback has a limit of its own (DOMAIN §5: starts in 1 WD, ends in 3).
alter table deadline drop constraint deadline_kind_check;
alter table deadline add constraint deadline_kind_check check (kind in (
    'dispatch', 'callback', 'callback_start', 'citizen', 'acknowledge', 'deemed', 'contact', 'arrive',
    'resolve', 'ruling', 'review', 'extension', 'suspension', 'takeover', 'own_effort', 'evaluation',
    'progress', 'supervision'));
alter table deadline_ended drop constraint deadline_kind_check;
alter table deadline_ended add constraint deadline_kind_check check (kind in (
    'dispatch', 'callback', 'callback_start', 'citizen', 'acknowledge', 'deemed', 'contact', 'arrive',
    'resolve', 'ruling', 'review', 'extension', 'suspension', 'takeover', 'own_effort', 'evaluation',
    'progress', 'supervision'));
