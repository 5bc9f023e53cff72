"""The floor of `hints_ms`: a bare FastAPI route that reads the body and answers it."""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Typed(BaseModel):
    """What is typed so far."""

    text: str
    address: str | None = None


def new_app() -> FastAPI:
    """The bare application."""
    app = FastAPI()

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/api/v1/hints/categories")
    async def categories(typed: Typed) -> dict[str, list[str]]:
        return {"items": [typed.text]}

    return app


if __name__ == "__main__":
    uvicorn.run(
        new_app(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
