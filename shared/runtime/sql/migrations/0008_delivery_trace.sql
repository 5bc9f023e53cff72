-- A delivery goes on in the trace of the change it tells of.

alter table delivery add column traceparent text;
