-- What intake does with tables while it runs, done by their owner: it may touch rows alone.
create function empty_search_index() returns void
language sql security definer set search_path = public, pg_temp as $$
    truncate search_doc, search_posting
$$;
