-- Statements of the knowledge base and of phrases.

-- name: article_add
insert into article (article_id, at) values ($1, $2)

-- name: article_version_add
insert into article_version (
    article_id, version, state, revision, title, body, keywords, categories, region, owner_unit,
    expires_on, remark, head_terms, terms, written_by, writer_name, written_at, approved_by,
    approver_name, approved_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)

-- name: article_draft_save
update article_version set
    revision = revision + 1, title = $3, body = $4, keywords = $5, categories = $6, region = $7,
    owner_unit = $8, expires_on = $9, remark = $10, head_terms = $11, terms = $12,
    written_by = $13, writer_name = $14, written_at = $15
where article_id = $1 and state = 'draft' and revision = $2
returning revision

-- name: article_lock
select article_id from article where article_id = $1 for update

-- name: article_versions
select * from article_version where article_id = $1 order by version desc

-- name: article_approve
update article_version set state = 'published', approved_by = $3, approver_name = $4,
    approved_at = $5
where article_id = $1 and version = $2

-- name: article_end
update article_version set state = $3, ended_at = $4 where article_id = $1 and version = $2

-- name: article_forget_draft
delete from article_version where article_id = $1 and version = $2 and state = 'draft'

-- name: article_forget
delete from article where article_id = $1
    and not exists (select from article_version where article_version.article_id = $1)

-- name: articles_found
-- Candidates by words or category, to be ranked; region null or holding the caller's.
select * from article_version
where state = 'published'
    and (terms && $1::bigint[] or categories && $2::text[])
    and ($3::text is null or region is null or starts_with($3, region))
order by expires_on desc, article_id
limit $4

-- name: articles_published
select * from article_version
where state = 'published' and ($1::text is null or owner_unit = $1)
order by title, article_id
limit $2

-- name: articles_drafted
select * from article_version
where state = 'draft' and ($1::text is null or owner_unit = $1)
order by written_at, article_id
limit $2

-- name: articles_expiring
-- Expired or soon to expire, the most urgent first.
select * from article_version
where state = 'published' and expires_on <= $1 and ($2::text is null or owner_unit = $2)
order by expires_on, article_id
limit $3

-- name: article_exists
select exists (select from article)

-- name: knowledge_lock
select pg_advisory_xact_lock($1)

-- name: phrase_add
insert into phrase (phrase_id, account, owner_name, use, title, body, category, shared, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (account, use, title) do nothing
returning phrase_id

-- name: phrase_save
update phrase set use = $3, title = $4, body = $5, category = $6, shared = $7, at = $8
where phrase_id = $1 and account = $2
    and not exists (
        select from phrase as other
        where other.account = $2 and other.use = $3 and other.title = $4
            and other.phrase_id <> $1
    )
returning *

-- name: phrase_forget
delete from phrase where phrase_id = $1 and account = $2 returning phrase_id

-- name: phrases_of
-- One's own first, then the shared ones; of a category, its major, or of none.
select phrase_id, account, owner_name, use, title, body, category, shared, at
from phrase
where (account = $1 or shared)
    and ($2::text is null or use = $2)
    and ($3::text is null or category is null or category in ($3, left($3, 2)))
order by category is null, account <> $1, title, phrase_id
limit $4

-- name: phrase_count
select count(*) from phrase where account = $1

-- name: phrase_exists
select exists (select from phrase)
