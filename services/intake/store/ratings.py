"""Campaigns of anonymous ratings: kept, their codes used up, their votes counted."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.intake.domain.campaign import Campaign, SubjectKind, Vote
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "ratings.sql")


async def keep_campaign(connection: Connection, campaign: Campaign) -> None:
    """A new one, without codes."""
    await connection.execute(
        SQL.keep_campaign,
        campaign.campaign_id,
        campaign.title,
        campaign.subject_kind,
        campaign.subject,
        campaign.subject_name,
        campaign.evaluator_class,
        campaign.region,
        campaign.starts_at,
        campaign.ends_at,
        campaign.made_by,
        campaign.made_at,
    )


async def load_campaign(connection: Connection, campaign_id: UUID) -> Campaign | None:
    row = await connection.fetchrow(SQL.campaign, campaign_id)
    return _campaign(row) if row is not None else None


async def list_campaigns(
    connection: Connection, *, below: UUID, region: str | None, limit: int
) -> list[tuple[Campaign, int]]:
    """Campaigns with how many votes they have, newest first."""
    rows = await connection.fetch(SQL.campaigns, below, region, limit)
    return [(_campaign(row), row["votes"]) for row in rows]


async def end_campaign(connection: Connection, campaign_id: UUID, *, at: datetime) -> bool:
    """No more votes from then on; False where it is not open."""
    return await connection.fetchval(SQL.end_campaign, campaign_id, at) is not None


async def add_codes(connection: Connection, campaign_id: UUID, hashes: Sequence[bytes]) -> None:
    """Codes that let one person vote each."""
    await connection.copy_records_to_table(
        "rating_code",
        columns=("code_hash", "campaign_id"),
        records=[(each, campaign_id) for each in hashes],
    )
    await connection.execute(SQL.count_codes, campaign_id, len(hashes))


async def campaign_of_code(connection: Connection, code_hash: bytes) -> Campaign | None:
    """The campaign of an unused code."""
    row = await connection.fetchrow(SQL.campaign_of_code, code_hash)
    return _campaign(row) if row is not None else None


async def use_code(connection: Connection, code_hash: bytes) -> bool:
    """Use the code up; False where there is none or it was used."""
    return await connection.fetchval(SQL.use_code, code_hash) is not None


async def keep_vote(connection: Connection, vote: Vote) -> None:
    answers = json.dumps(dict(vote.answers))
    await connection.execute(SQL.keep_vote, vote.vote_id, vote.campaign_id, vote.hour, answers)


async def counts_of(connection: Connection, campaign_id: UUID) -> dict[str, dict[str, int]]:
    """How often each choice of each question was made."""
    counts: dict[str, dict[str, int]] = {}
    for row in await connection.fetch(SQL.vote_counts, campaign_id):
        counts.setdefault(row["question"], {})[row["choice"]] = row["votes"]
    return counts


async def votes_of(connection: Connection, campaign_id: UUID) -> int:
    """How many voted."""
    found: int = await connection.fetchval(SQL.count_votes, campaign_id)
    return found


async def take_untold(connection: Connection, *, before: datetime, limit: int) -> list[Vote]:
    """Votes of hours before that one that were not told yet, locked, in no order of arrival."""
    rows = await connection.fetch(SQL.untold_votes, before, limit)
    return [
        Vote(
            vote_id=row["vote_id"],
            campaign_id=row["campaign_id"],
            hour=row["hour"],
            answers=json.loads(row["answers"]),
        )
        for row in rows
    ]


async def told(connection: Connection, vote_ids: Sequence[UUID]) -> None:
    await connection.execute(SQL.votes_told, list(vote_ids))


def _campaign(row: Mapping[str, Any]) -> Campaign:
    return Campaign(
        campaign_id=row["campaign_id"],
        title=row["title"],
        subject_kind=SubjectKind(row["subject_kind"]),
        subject=row["subject"],
        subject_name=row["subject_name"],
        evaluator_class=row["evaluator_class"],
        region=row["region"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        made_by=row["made_by"],
        made_at=row["made_at"],
        codes=row["codes"],
    )
