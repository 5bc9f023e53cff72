"""`shaodao ring`: lets a telephone ring at an operator's desk, to see the screen come up."""

import asyncio
import logging
import signal
from typing import Annotated

import httpx
import typer

from deploy.city.call_centre import CENTRE, Call, whole_call
from deploy.city.calls import Line
from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of
from deploy.cli.output import out


def ring(
    phone: Annotated[str, typer.Argument(help="来电号码，“-”为未显示 / number, “-” withheld")],
    operator: Annotated[
        str, typer.Option(help="受理员账号或分机 / login or extension")
    ] = "operator",
    line: Annotated[str, typer.Option(help="拨打的热线 / the line called")] = "12345",
    rings: Annotated[float, typer.Option(min=0, help="振铃秒数 / seconds of ringing")] = 3,
    lasts: Annotated[float, typer.Option(min=0, help="通话秒数 / seconds of talking")] = 300,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """模拟一通来电，Ctrl+C 挂断 / a simulated call; Ctrl+C hangs up."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    folder = folder_of(port_base, data)
    url, secret = folder.read_stack()["intake"], folder.require_secrets().token_secret
    call = Call(phone=None if phone == "-" else phone, operator=operator, line=line)
    out.print(f"{call.call_id}: {phone} → {operator}")
    asyncio.run(_ring(url, secret, call, rings=rings, lasts=lasts))


async def _ring(url: str, secret: str, call: Call, *, rings: float, lasts: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        centre = Line(client, url, CENTRE, secret)
        await whole_call(centre, call, rings=rings, lasts=lasts, stop=stop)
