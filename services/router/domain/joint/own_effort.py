"""What a community did itself: it may follow its emergency whistle within a day (DOMAIN §4)."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from annotated_types import Len

from services.router.domain.dues import Promises
from services.router.domain.joint import convening
from services.router.domain.matter import Content
from services.router.domain.outcome import Outcome, step, words_text
from services.router.domain.whistle import Whistle, WhistleCommand
from shared.contracts import joint
from shared.contracts.parts import Actor
from shared.errors import ForbiddenError
from shared.records import record


@record
class OwnEffort:
    """What the blower did itself."""

    text: Annotated[str, Len(2, 4000)]


def note(
    whistle: Whistle,
    content: Content,
    effort: OwnEffort,
    *,
    owed_by: datetime | None,
    actor: Actor,
    promises: Promises,
) -> tuple[Outcome, Content]:
    """The whistle and its words with the note; raises the ShaodaoError that says why not.

    `owed_by`: until when it was owed; None where it was not, so that it cannot be late.
    """
    if actor.unit is None or actor.unit != whistle.blower or content.matter is None:
        raise ForbiddenError(
            "自行处置情况由吹哨单位补充", "the unit that blew the whistle notes its own effort"
        )
    state = convening.next_state(whistle, WhistleCommand.NOTE_EFFORT)
    if content.matter.own_effort:
        raise convening.wrong_state(
            whistle, "自行处置情况已经写明", "the own effort has been noted already"
        )
    after = replace(whistle, state=state, seq=whistle.seq + 1)
    fact = joint.EffortNoted(
        **convening.about(after, actor, promises),
        own_effort=effort.text,
        late=owed_by is not None and promises.now > owed_by,
    )
    made = step(fact, promises.now, after=words_text(text=effort.text, late=fact.late or None))
    words = replace(content, matter=replace(content.matter, own_effort=effort.text))
    return Outcome(whistle=after, steps=(made,)), words
