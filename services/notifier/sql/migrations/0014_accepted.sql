-- A mismatch that somebody looked into and understands: told no more, kept with who said why.
alter table audit_mismatch drop constraint audit_mismatch_state_check;
alter table audit_mismatch add constraint audit_mismatch_state_check
    check (state in ('open', 'settled', 'accepted'));
alter table audit_mismatch
    add column accepted_at timestamptz,
    add column accepted_by text,
    add column accepted_words text,
    add check ((state = 'accepted') = (accepted_at is not null)),
    add check ((accepted_at is null) = (accepted_by is null)),
    add check ((accepted_at is null) = (accepted_words is null));
create index audit_mismatch_accepted on audit_mismatch (deadline_id, kind, what)
    where state = 'accepted';
