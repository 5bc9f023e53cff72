"""The named occasions that have a time limit of their own, besides the urgencies and kinds."""

from enum import StrEnum


class ReviewKind(StrEnum):
    RETURN = "return"  # 退单审核
    EXTENSION = "extension"  # 延期审核
    RESOLUTION = "resolution"  # 办结审核
    ADJUDICATION = "adjudication"  # 终裁


class OneTapTaker(StrEnum):
    PROPERTY = "property"  # 物业
    GRID_WORKER = "grid_worker"  # 网格员
    SKILLED_PERSON = "skilled_person"  # 能人


class Term(StrEnum):
    """A period of the procedure that depends on nothing else."""

    TAKE_OVER = "take_over"  # 街道接管期
    OWN_EFFORT = "own_effort"  # 补充自行处置情况
    PROGRESS = "progress"  # 进展反馈间隔
    DISPUTE = "dispute"  # 申请复核期
    SUPERVISION_ANSWER = "supervision_answer"  # 督办答复
    EVALUATION = "evaluation"  # 考核评价
    SUSPENSION_REVIEW = "suspension_review"  # 挂账复查
    REOPEN = "reopen"  # 重新打开期
    ARCHIVE = "archive"  # 归档
    URGE_AGAIN = "urge_again"  # 再次催办间隔
