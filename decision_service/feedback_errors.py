"""What can be refused of feedback sets.

FeedbackError
  FolderTaken
  SetUnreadable
  UnknownSet
  InstantAhead
"""

from dataclasses import dataclass

from decision_service.errors import FeedbackError


@dataclass(eq=False)
class FolderTaken(FeedbackError):
    """{folder} has files in it already: name a new or an empty folder."""

    folder: str


@dataclass(eq=False)
class SetUnreadable(FeedbackError):
    """{folder} cannot be read as a feedback set: {problem}. Name the folder that has its manifest.json."""

    folder: str
    problem: str


@dataclass(eq=False)
class UnknownSet(FeedbackError):
    """There is no feedback set {set_id} here: GET /v1/feedback-sets lists those that there are."""

    set_id: str


@dataclass(eq=False)
class InstantAhead(FeedbackError):
    """The cut lies in the future: nobody knows yet what will have been recorded by then."""
