"""What the department does about a whistle: put your own people in place of `next_step`.

Pure: the whistle as kept, an event or nothing go in, the whistle after it or the next report come
out. This desk works by itself: it takes what is its duty, returns what is not, and finishes.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

Doc = dict[str, Any]
FINISHED = ("done", "returned", "released")
OVER = ("withdrawn", "closed", "released", "accepted")


@dataclass(frozen=True)
class Policy:
    """How this department works."""

    unit: str
    handler: dict[str, str]
    not_ours: frozenset[str]  # categories that it returns
    clause: str
    lat: float
    lon: float


def whistled(known: Doc | None, data: Doc) -> Doc:
    """Called, or called again: another assignment begins anew, the same one changes nothing."""
    assignment = data["assignment"]
    if known and known["assignment"]["assignment_id"] == assignment["assignment_id"]:
        return known
    return {
        "whistle_id": data["whistle_id"],
        "assignment": assignment,
        "category": data.get("category"),
        "title": data["title"],
        "place": data["place"],
        "units": data["units"],
        "state": assignment["state"],
        "said": [],  # the verbs that counted
        "sent_back": 0,  # resolutions that did not stand
        "waiting": None,  # the verb whose answer is awaited
        "hold": None,  # why nothing is said for now: paused, others, a person must look
        "over": False,
    }


def told(whistle: Doc, kind: str, data: Doc, verb: str | None) -> Doc:
    """The whistle after an event of that kind; `verb` is the report an answer is about."""
    after = {**whistle}
    if kind == "report_accepted":
        after |= {"state": data["state"], "assignment": data["assignment"], "waiting": None}
        after["said"] = [*whistle["said"], verb]
    elif kind == "report_refused":
        after |= _refused(whistle, data, verb)
    elif kind == "units_changed":
        after["units"] = data["units"]
        if whistle["hold"] == "others" and not _unfinished(after):
            after["hold"] = None
    elif kind == "ruling":
        gone = data["state"] in FINISHED
        after |= {"state": data["state"], "over": gone, "waiting": None}
    elif kind in ("review_rejected", "acceptance_failed"):
        again = [said for said in whistle["said"] if said not in ("progressed", "resolved")]
        after |= {"state": "working", "said": again, "hold": None}
        after["sent_back"] = whistle["sent_back"] + 1
    elif kind == "suspended":
        after |= {"state": "paused", "hold": "paused"}
    elif kind == "resumed":
        after |= {"state": "working", "hold": None}
    elif kind in OVER:
        after["over"] = True
    return after


def _refused(whistle: Doc, data: Doc, verb: str | None) -> Doc:
    """Not counted. The same is never simply said again: wait for the others, or for a person."""
    if data["code"] in ("stale", "wrong_unit", "unknown_whistle"):
        return {"waiting": None, "over": True}
    if verb == "resolved" and _unfinished(whistle):
        return {"waiting": None, "hold": "others"}
    if data["state"] and data["state"] != whistle["state"]:
        return {"waiting": None, "state": data["state"]}  # done meanwhile at the workbench
    return {"waiting": None, "hold": data["zh"]}


def _unfinished(whistle: Doc) -> bool:
    return any(
        part["relation"] == "assisting" and part["state"] not in FINISHED
        for part in whistle["units"]
    )


def next_step(whistle: Doc, policy: Policy) -> tuple[str, Doc] | None:
    """The next report, its verb and its words; None when there is nothing to say now."""
    if whistle["over"] or whistle["waiting"] or whistle["hold"]:
        return None
    state, said, part = whistle["state"], whistle["said"], whistle["assignment"]
    if state == "offered":
        if whistle["category"] in policy.not_ours and "return_requested" not in said:
            return "return_requested", {"reason": "not_duty", "clause": policy.clause}
        return "acknowledged", {}
    if state not in ("acknowledged", "arrived", "working") or part["relation"] == "informed":
        return None
    if part["contact"] and "contacted" not in said:
        return "contacted", {"how": "phone"}
    if part["arrive"] and "arrived" not in said:
        return "arrived", {"mode": "on_site", "lat": policy.lat, "lon": policy.lon}
    if "progressed" not in said:
        return "progressed", {"text": f"已安排人员处理“{whistle['title']}”"}
    return "resolved", _resolution(whistle)


def _resolution(whistle: Doc) -> Doc:
    where = whistle["place"].get("address") or "现场"
    tries = whistle["sent_back"]
    record = f"{whistle['whistle_id']} 第{tries + 1}次 {where}".encode()
    return {
        "result": "solved",
        "facts_true": "yes",
        "measures": f"在{where}处理了“{whistle['title']}”",
        "public_reply": f"您反映的“{whistle['title']}”（{where}，{whistle['whistle_id'][-12:]}）"
        f"已由我单位第{tries + 1}次到场处理完毕，感谢您的监督。",
        # the hash of what your own archive keeps: photos, a signed work record
        "evidence": [{"kind": "处置记录", "sha256": hashlib.sha256(record).hexdigest()}],
    }
