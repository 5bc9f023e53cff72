"""The knowledge base: write, approve, withdraw, search and quote articles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.intake.domain.article import (
    EXPIRES_SOON,
    ArticleState,
    ArticleVersion,
    Editor,
    Text,
    demand_approver,
    demand_quotable,
    demand_writer,
    is_of_a_unit,
    ranked,
)
from services.intake.domain.terms import asked_terms, text_terms
from services.intake.store import knowledge as store
from shared.calendar import SHANGHAI
from shared.contracts.ids import new_id
from shared.errors import ConflictError, NotFoundError
from shared.runtime.database import Connection

MOST_FOUND: Final = 300
MOST_LISTED: Final = 500
# Half a sentence is what somebody asks for; more is a request that is being taken down.
A_QUESTION: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What there is to do: drafts that wait, articles that expire; a liaison's own unit's only."""

    drafts: tuple[ArticleVersion, ...]
    expiring: tuple[ArticleVersion, ...]


def today_of(now: datetime) -> date:
    """The day on the city's calendar."""
    return now.astimezone(SHANGHAI).date()


async def find(
    connection: Connection,
    *,
    asked: str,
    category: str | None,
    region: str | None,
    now: datetime,
    limit: int,
) -> list[ArticleVersion]:
    """Published articles, the best first; all by title where nothing is asked.

    A short text must be understood as typed, pinyin too; of a long one any words count.
    """
    if not asked and category is None:
        return await store.published(connection, owner_unit=None, limit=min(limit, MOST_LISTED))
    groups = asked_terms(asked) if len(asked) <= A_QUESTION else []
    terms = {each for group in groups for each in group} or text_terms(asked)
    found = await store.candidates(
        connection,
        terms=terms,
        categories=[] if category is None else sorted({category, category[:2]}),
        region=region,
        limit=MOST_FOUND,
    )
    rows = [(each.version, each.head, each.terms) for each in found]
    return ranked(terms, rows, category=category, today=today_of(now))[:limit]


async def read(connection: Connection, article_id: UUID) -> list[ArticleVersion]:
    """All versions, the newest first; NotFoundError where there is none."""
    versions = await store.versions_of(connection, article_id)
    if not versions:
        raise no_article()
    return versions


async def quote(
    connection: Connection, article_id: UUID, *, version: int | None, now: datetime
) -> ArticleVersion:
    """The published version for a reply; ConflictError where it is another or has expired."""
    versions = await read(connection, article_id)
    wanted = next(
        (
            each
            for each in versions
            if each.state is ArticleState.PUBLISHED and version in (None, each.version)
        ),
        None,
    )
    return demand_quotable(wanted, today_of(now))


async def write(connection: Connection, text: Text, *, editor: Editor, now: datetime) -> UUID:
    """A new article, as a draft."""
    demand_writer(editor, text.owner_unit)
    article_id = new_id(now)
    await store.add_article(connection, _draft(article_id, 1, text, editor, now))
    return article_id


async def rewrite(
    connection: Connection,
    article_id: UUID,
    text: Text,
    *,
    revision: int | None,
    editor: Editor,
    now: datetime,
) -> ArticleVersion:
    """Change the draft, or begin one beside what is published.

    `revision` is that of the draft as the editor saw it, None where there was none; ConflictError
    when somebody else was quicker.
    """
    versions = await _locked(connection, article_id)
    demand_writer(editor, versions[0].text.owner_unit, text.owner_unit)
    draft = _in_state(versions, ArticleState.DRAFT)
    if draft is None:
        if revision is not None:
            raise _changed()
        made = _draft(article_id, versions[0].version + 1, text, editor, now)
        await store.add_version(connection, made)
        return made
    saved = None
    if revision is not None:
        saved = await store.save_draft(
            connection,
            article_id,
            revision=revision,
            text=text,
            account=editor.account,
            name=editor.name,
            now=now,
        )
    if saved is None:
        raise _changed()
    return replace(draft, revision=saved, text=text)


async def approve(
    connection: Connection, article_id: UUID, *, revision: int, editor: Editor, now: datetime
) -> ArticleVersion:
    """Publish the draft as it was read, in the place of what was published."""
    versions = await _locked(connection, article_id)
    draft = _in_state(versions, ArticleState.DRAFT)
    if draft is None or draft.revision != revision:
        raise _changed()
    demand_approver(editor, draft)
    if draft.text.expires_on < today_of(now):
        raise ConflictError(
            "有效期已过，请先修改有效期",
            "it has expired, change its last day first",
            code="expired",
        )
    before = _in_state(versions, ArticleState.PUBLISHED)
    if before is not None:
        await store.end(connection, before, ArticleState.SUPERSEDED, now=now)
    await store.approve(connection, draft, account=editor.account, name=editor.name, now=now)
    return draft


async def withdraw(
    connection: Connection, article_id: UUID, *, editor: Editor, now: datetime
) -> None:
    """Take the published version off the shelf; its history stays."""
    versions = await _locked(connection, article_id)
    before = _in_state(versions, ArticleState.PUBLISHED)
    if before is None:
        raise _changed()
    demand_writer(editor, before.text.owner_unit)
    await store.end(connection, before, ArticleState.WITHDRAWN, now=now)


async def discard(connection: Connection, article_id: UUID, *, editor: Editor) -> bool:
    """Throw the draft away; False where the article is gone with it."""
    versions = await _locked(connection, article_id)
    draft = _in_state(versions, ArticleState.DRAFT)
    if draft is None:
        raise _changed()
    demand_writer(editor, draft.text.owner_unit)
    await store.forget_draft(connection, draft)
    return len(versions) > 1


async def shelf(connection: Connection, *, editor: Editor, now: datetime) -> Shelf:
    """What waits for this editor: a liaison sees the own unit's, others all."""
    unit = (editor.unit or "") if is_of_a_unit(editor) else None
    drafts = await store.drafted(connection, owner_unit=unit, limit=MOST_LISTED)
    until = today_of(now) + EXPIRES_SOON
    expiring = await store.expiring(connection, until=until, owner_unit=unit, limit=MOST_LISTED)
    return Shelf(drafts=tuple(drafts), expiring=tuple(expiring))


def _draft(
    article_id: UUID, version: int, text: Text, editor: Editor, now: datetime
) -> ArticleVersion:
    return ArticleVersion(
        article_id=article_id,
        version=version,
        state=ArticleState.DRAFT,
        revision=1,
        text=text,
        written_by=editor.account,
        writer_name=editor.name,
        written_at=now,
    )


async def _locked(connection: Connection, article_id: UUID) -> list[ArticleVersion]:
    versions = await store.versions_of(connection, article_id, lock=True)
    if not versions:
        raise no_article()
    return versions


def _in_state(versions: Sequence[ArticleVersion], state: ArticleState) -> ArticleVersion | None:
    return next((each for each in versions if each.state is state), None)


def no_article() -> NotFoundError:
    """What anybody is told who may not read it, too."""
    return NotFoundError("没有这个知识条目", "there is no such article")


def _changed() -> ConflictError:
    return ConflictError(
        "条目已被他人修改，请刷新后再操作", "the article has changed meanwhile", code="changed"
    )
