"""The keys, the words, and how to read the pictures. Open to everyone."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ui.contexts import HelpPage
from ui.render import page
from ui.visit import shell, visitor
from ui.words import GLOSSARY, KEYS

router = APIRouter(include_in_schema=False)


@router.get("/help")
def show_help(request: Request) -> HTMLResponse:
    """Help, the same for everyone."""
    around = shell(request, visitor(request), "Help", current="help")
    return page(request, HelpPage(shell=around, keys=KEYS, glossary=GLOSSARY))
