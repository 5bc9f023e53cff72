"""The command `shaodao` itself: puts the groups together and tells errors as sentences."""

import sys

import typer

from deploy.cli import (
    account,
    audit,
    backup,
    calendar,
    canary,
    chains,
    clock,
    conformance,
    dead_letters,
    doctor,
    duties,
    evaluate,
    figures,
    migrate,
    notices,
    replay,
    reseal,
    restart,
    ring,
    rota,
    secrets,
    source,
    status,
    token,
    topics,
    up,
    watch,
)
from deploy.cli.output import print_error
from shared.errors import ShaodaoError

cli = typer.Typer(
    help="哨到 · 吹哨报到平台 / whistle and report",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would show secrets among the local variables
)
cli.command("up")(up.up)
cli.command("status")(status.status)
cli.command("restart")(restart.restart)
cli.command("token")(token.token)
cli.command("watch")(watch.watch)
cli.command("replay")(replay.replay)
cli.command("doctor")(doctor.doctor)
cli.command("migrate")(migrate.migrate)
cli.command("backup")(backup.backup)
cli.command("restore-check")(backup.restore_check)
cli.command("rewind")(backup.rewind_consumers)
cli.command("secrets")(secrets.secrets)
cli.command("ring")(ring.ring)
cli.command("canary")(canary.canary)
cli.command("conformance")(conformance.conformance)
cli.command("reseal")(reseal.reseal)
cli.command("accounts")(account.accounts)
cli.add_typer(account.app, name="account")
cli.add_typer(evaluate.app, name="evaluate")
cli.add_typer(clock.app, name="clock")
audit.app.command("verify")(chains.verify_chains)
cli.add_typer(audit.app, name="audit")
cli.add_typer(calendar.app, name="calendar")
cli.add_typer(topics.app, name="topics")
cli.add_typer(dead_letters.app, name="dead-letters")
cli.add_typer(source.app, name="source")
cli.add_typer(duties.app, name="duties")
cli.add_typer(notices.app, name="notices")
cli.add_typer(rota.app, name="rota")
cli.add_typer(figures.app, name="figures")


def app() -> None:
    """Run a command; an error of ours is told as its sentence, not as a traceback."""
    try:
        cli()
    except ShaodaoError as error:
        print_error(error)
        sys.exit(1)


if __name__ == "__main__":
    app()
