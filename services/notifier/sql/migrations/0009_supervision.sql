-- Supervision: somebody above asks a unit for a written answer, or the ladder does.
-- The answer's timer is a deadline of kind `supervision` whose owner is the supervision.
create table supervision (
    supervision_id uuid primary key,
    source text not null check (source in ('ladder', 'supervisor', 'leader')),
    level int not null check (level between 1 and 5),
    number text not null, -- of the whistle, else of the ticket
    round int not null check (round >= 1),
    whistle_id uuid,
    ticket_id uuid,
    ticket_ids uuid[] not null,
    unit text, -- null: the matter is with no unit yet, the hotline centre answers
    words text not null,
    asked_at timestamptz not null,
    asked_role text not null,
    asked_name text,
    answer_by jsonb not null, -- a Due
    answer text,
    answered_at timestamptz,
    answered_role text,
    answered_name text,
    late boolean not null, -- answered after its time
    ended_at timestamptz, -- the matter ended before an answer came
    canary boolean not null,
    seq int not null check (seq >= 1),
    history_hash bytea not null,
    traceparent text,
    check (whistle_id is not null or ticket_id is not null),
    check ((answer is null) = (answered_at is null)),
    check (not late or answered_at is not null),
    check (answered_at is null or ended_at is null)
);
-- One unanswered from the ladder for a unit and a whistle: a higher rung raises its level.
create unique index supervision_of_ladder on supervision (whistle_id, unit)
    where source = 'ladder' and answered_at is null and ended_at is null;
create index supervision_open on supervision (unit, supervision_id)
    where answered_at is null and ended_at is null;
create index supervision_whistle on supervision (whistle_id) where whistle_id is not null;
create index supervision_tickets on supervision using gin (ticket_ids);
