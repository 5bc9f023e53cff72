"""`shaodao evaluate`: measures suggestions and duplicates on messages, one JSON a line."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.cli.labelling import Message, Score, label_messages, read_messages
from deploy.cli.options import AsJson
from deploy.cli.output import out, print_json
from deploy.cli.scoring import Tally
from services.intake.domain.similarity import near_duplicates
from shared.catalogue.load_hints import load_hint_limits

app = typer.Typer(help="在留言上测量归类与查重 / measures hints on messages", no_args_is_help=True)

File = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="每行一个 JSON：id、title、description，带标签的另有 major / one JSON a line",
    ),
]
Learn = Annotated[
    bool,
    typer.Option(
        "--learn/--no-learn",
        help="同时从其余各折的标签学习（交叉验证） / also learn from the other folds' labels",
    ),
]
Folds = Annotated[int, typer.Option("--folds", min=2, max=100, help="交叉验证的折数 / folds")]
Rounds = Annotated[
    int, typer.Option("--rounds", min=1, max=50, help="重复划分的次数 / times it is split anew")
]
Least = Annotated[
    float | None, typer.Option("--least", min=0, max=1, help="最低相似度 / the least score")
]


@app.command("suggestions")
def suggestions(
    file: File,
    learn: Learn = True,
    folds: Folds = 10,
    rounds: Rounds = 5,
    as_json: AsJson = False,
) -> None:
    """归类建议的准确率，按一级标签 / how often the label is first, or among the first three."""
    messages = [each for each in _messages(file) if each.label is not None]
    if not messages:
        raise typer.BadParameter("没有带标签（major）的行 / no line has a label (major)")
    score = label_messages(messages, folds=folds if learn else None, rounds=rounds)
    if as_json:
        print_json(_as_json(score))
        return
    _print(score)


def _messages(file: Path) -> list[Message]:
    try:
        return read_messages(file)
    except (ValueError, KeyError) as error:
        raise typer.BadParameter(f"{file}: {error}") from None


def _as_json(score: Score) -> dict[str, Any]:
    best = score.learned or score.unlearned
    return {
        **best.summary(),
        "by_label": {name: each.summary() for name, each in best.by("label").items()},
        "by_major": {name: each.summary() for name, each in best.by("major").items()},
        "labels": score.labels,
        "folds": score.folds,
        "rounds": score.rounds if score.learned else None,
        "without_learning": score.unlearned.summary(),
    }


def _print(score: Score) -> None:
    plain = score.unlearned
    out.print(f"n = {plain.n}，标签 {len(score.labels)} 个 / labels: {'、'.join(score.labels)}")
    out.print(_line("不学习 / without learning", plain))
    if score.learned is not None:
        how = f"{score.folds} 折交叉验证 / {score.folds}-fold cross-validated"
        out.print(_line(f"学习，{how}", score.learned))
    best = score.learned or plain
    for group, heading in (("label", "标签 / label"), ("major", "建议的大类 / suggested major")):
        table = Table(heading, "n", "top1", "top3")
        for name, each in best.by(group).items():
            table.add_row(name, str(each.n), f"{each.top1:.3f}", f"{each.top3:.3f}")
        out.print(table)


def _line(name: str, tally: Tally) -> str:
    (low1, high1), (low3, high3) = tally.interval(1), tally.interval(3)
    return (
        f"{name}: top1 {tally.top1:.3f} [{low1:.3f}, {high1:.3f}]  "
        f"top3 {tally.top3:.3f} [{low3:.3f}, {high3:.3f}]"
    )


@app.command("duplicates")
def duplicates(file: File, least: Least = None, as_json: AsJson = False) -> None:
    """只凭文字的近似重复，成对列出 / near duplicates by their texts alone, in pairs."""
    messages = _messages(file)
    least = load_hint_limits().text if least is None else least
    pairs = near_duplicates([(each.title, each.text) for each in messages], least=least)
    found = [
        {"a": messages[pair.one].id, "b": messages[pair.other].id, "score": pair.score}
        for pair in pairs
    ]
    if as_json:
        print_json({"n": len(messages), "least": least, "pairs": found})
        return
    for pair in found:
        out.print(json.dumps(pair, ensure_ascii=False), soft_wrap=True)
    out.print(f"{len(found)} 对 / pairs，n = {len(messages)}，≥ {least}")
