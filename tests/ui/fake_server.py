"""Serve the pages with the fake application: ``python -m tests.ui.fake_server [port]``."""

import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from tests.ui.fake_office import FakeOffice
from ui.pages import install
from ui.problems import problem_page


def make_app(office: FakeOffice | None = None) -> FastAPI:
    """The pages over a fake office of their own."""
    app = FastAPI(openapi_url=None)
    app.state.office = office or FakeOffice()
    install(app)

    def say(request: Request, problem: Exception) -> Response:
        return problem_page(
            request, problem.status_code if isinstance(problem, HTTPException) else 500
        )

    app.add_exception_handler(HTTPException, say)
    app.add_exception_handler(Exception, say)
    return app


if __name__ == "__main__":
    uvicorn.run(make_app(), port=int(sys.argv[1]) if len(sys.argv) > 1 else 8090)
