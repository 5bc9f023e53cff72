-- Reports on progress, and the written answers that supervision asks for.
alter table deadline drop constraint deadline_kind_check;
alter table deadline add constraint deadline_kind_check check (kind in (
    'dispatch', 'callback', 'citizen', 'acknowledge', 'deemed', 'contact', 'arrive', 'resolve',
    'ruling', 'review', 'extension', 'suspension', 'takeover', 'own_effort', 'evaluation',
    'progress', 'supervision'));
