"""The other side of the comparison: the endpoint a careful reader of three tutorials writes.

FastAPI with a pydantic body and a session dependency, ``shap.TreeExplainer`` on a pandas frame, and
one SQLModel row per decision, added, committed and refreshed. The database has the same settings
as ours (write-ahead log, ``synchronous=FULL``). There is no hash tree, no encryption, no
idempotency, no policy and no wording: it does less.
"""

import json
import os
from collections.abc import Iterator
from typing import Annotated, Any

import lightgbm
import pandas as pd
import shap
from fastapi import Depends, FastAPI
from pydantic import BaseModel, create_model
from pydantic import Field as Limit
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine

from benchmarks.credit_fields import FIELDS

REASONS = 4

limits: dict[str, Any] = {
    field.name: (Annotated[float | None, Limit(ge=field.low, le=field.high)], ...)
    for field in FIELDS
}
ApplicationFields = create_model("ApplicationFields", **limits)


class Application(BaseModel):
    """The body: one application and its thirty fields, each within its limits."""

    application_id: str
    fields: ApplicationFields  # type: ignore[valid-type]


class Decision(SQLModel, table=True):
    """One decision as it is stored."""

    id: int | None = Field(default=None, primary_key=True)
    application_id: str = Field(index=True)
    raw: float
    base: float
    recommendation: str
    reasons: str
    contributions: str


engine = create_engine(
    f"sqlite:///{os.environ['TEXTBOOK_DATABASE']}", connect_args={"check_same_thread": False}
)


@event.listens_for(engine, "connect")
def same_disk_settings(connection: Any, _record: object) -> None:
    """A commit is on the disk when it returns, as in ours."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


SQLModel.metadata.create_all(engine)
model = lightgbm.Booster(model_file=os.environ["TEXTBOOK_MODEL"])
explainer = shap.TreeExplainer(model)
app = FastAPI()


def get_session() -> Iterator[Session]:
    """One session per request."""
    with Session(engine) as session:
        yield session


@app.post("/decisions", status_code=201)
def decide(application: Application, session: Annotated[Session, Depends(get_session)]) -> Decision:
    """Score, explain, store."""
    body = application.model_dump()
    frame = pd.DataFrame([body["fields"]], dtype=float)
    raw = float(model.predict(frame, raw_score=True)[0])
    values = explainer.shap_values(frame)[0].tolist()
    worst = sorted(zip(values, frame.columns, strict=True), reverse=True)[:REASONS]
    decision = Decision(
        application_id=body["application_id"],
        raw=raw,
        base=float(explainer.expected_value),
        recommendation="approve" if raw < 0 else "decline",
        reasons=json.dumps([f"{name} raised the risk" for value, name in worst if value > 0]),
        contributions=json.dumps(values),
    )
    session.add(decision)
    session.commit()
    session.refresh(decision)
    return decision
