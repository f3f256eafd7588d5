"""What each call answers, as types: the schemas of the API's description are made of them.

They say what stays; an answer may have more. Nothing is read by them: tests hold answers to them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

__all__ = ["describe_answers"]

REFERENCE = "#/components/schemas/{name}"


def one_of(*names: str) -> Meta:
    """Return how a value is described that is one of several types: msgspec has no word for it."""
    return Meta(extra_json_schema={"anyOf": [{"$ref": REFERENCE.format(name=n)} for n in names]})


Fraction = Annotated[float, Meta(ge=0, le=1)]
Distance = Annotated[float, Meta(ge=0, le=2.0001, description="0 to 2, smaller = closer.")]
Count = Annotated[int, Meta(ge=0)]
Id = Annotated[int, Meta(ge=1)]
Point = tuple[float, float] | None


class Answer(msgspec.Struct):
    """Every answer's first key."""

    schema: Literal[1]


class Health(Answer):
    """That the server is up; the rest to who knows the token."""

    status: Literal["ok"]
    token_required: bool
    version: str | msgspec.UnsetType = msgspec.UNSET
    run: str | msgspec.UnsetType = msgspec.UNSET
    writable: bool | msgspec.UnsetType = msgspec.UNSET


class RunEntry(msgspec.Struct):
    """A run of the list."""

    name: str
    created: str
    preset: str
    classes: Count
    pictures: Count
    recall_at_1: Fraction | None = msgspec.field(name="recall@1")
    pair_accuracy: Fraction | None
    picture_shape: tuple[int, int, int]
    chain: str
    report: bool
    bundled: bool


class Runs(Answer):
    """The runs that can be asked, the one that is served first."""

    run: str
    writable: bool
    runs: list[RunEntry]


class OperatingPoint(msgspec.Struct):
    """A share of different pairs that is let through, and the distance that does it."""

    false_accept_rate: Fraction
    threshold: Distance


class LabelCount(msgspec.Struct):
    """Items of a label; null for none."""

    label: str | None
    count: Count


class Run(Answer):
    """A run's figures, labels and operating points."""

    name: str
    classes: list[str]
    picture_shape: tuple[int, int, int]
    chain: str
    threshold: Distance
    operating_points: list[OperatingPoint]
    figures: dict[str, dict[str, Any]]
    assessment: dict[str, Any]
    labels: list[LabelCount]
    index: dict[str, Any]
    report: bool


class Audit(Answer):
    """As `siam audit --json`, of the newest audit that the run keeps."""

    dataset: str
    count: Count
    counts: dict[str, int]
    findings: list[dict[str, Any]]


class Neighbour(msgspec.Struct):
    """An indexed picture near a query."""

    id: Id
    label: str | None
    distance: Distance
    key: str


class Step(msgspec.Struct):
    """A step of the preparation; its picture is a data URL."""

    name: str
    picture: Annotated[str, Meta(pattern="^data:image/png;base64,")]


class Verdict(msgspec.Struct):
    """What is said of a picture."""

    input: str
    verdict: Literal["match", "unsure", "no match"]
    label: str | None
    probability: Fraction
    reason: str
    neighbours: list[Neighbour]
    choices: dict[str, Any]
    notes: list[str]
    position: Point
    steps: list[Step] | msgspec.UnsetType = msgspec.UNSET


class Unreadable(msgspec.Struct):
    """A picture that cannot be read, and why."""

    input: str
    error: str


class Query(Answer):
    """As `siam query --json`."""

    run: str
    results: list[Annotated[Any, one_of("Verdict", "Unreadable")]]


class Verify(Answer):
    """As `siam verify --json`."""

    run: str
    left: str
    right: str
    verdict: Literal["same", "unsure", "different"]
    distance: Distance
    probability: Fraction
    threshold: Distance
    reason: str
    notes: dict[str, list[str]]


class Embedding(msgspec.Struct):
    """A picture's unit vector."""

    input: str
    embedding: list[float]


class Embed(Answer):
    """Unit vectors, and the hash of the encoder that gave them."""

    run: str
    encoder: str
    dim: Id
    results: list[Annotated[Any, one_of("Embedding", "Unreadable")]]


class ItemPart(msgspec.Struct):
    """An indexed picture."""

    id: Id
    label: str | None
    key: str
    split: str | None
    meta: dict[str, Any]


class Items(Answer):
    """A page of the items that pass the filters, and how many do."""

    total: Count
    offset: Count
    items: list[ItemPart]


class Item(Answer):
    """An indexed picture, where one is asked for with what lies nearest to it."""

    id: Id
    label: str | None
    key: str
    split: str | None
    meta: dict[str, Any]
    neighbours: list[Neighbour] | msgspec.UnsetType = msgspec.UNSET


class Sent(msgspec.Struct):
    """A picture that was indexed."""

    input: str
    id: Id


class Added(Answer):
    """What was indexed anew, and what was there already and is labelled anew."""

    added: Count
    updated: Count
    ids: list[Id]
    results: list[Annotated[Any, one_of("Sent", "Unreadable")]]


class Labelled(Answer):
    """How many items have another label now."""

    labelled: Count


class Removed(Answer):
    """How many items are gone."""

    removed: Count


class Question(msgspec.Struct):
    """The picture that wants a label most, and what the run says of it."""

    key: str
    label: str | None
    verdict: Literal["match", "unsure", "no match"]
    probability: Fraction
    left: Count


class Labelling(Answer):
    """What is asked next; null while the folder is looked at, and when nothing is left."""

    question: Question | None
    labels: list[str]
    done: Count
    can_undo: bool


class MapStatus(Answer):
    """How far the map is."""

    status: Literal["ready", "computing", "failed"]
    step: str
    done: Count
    total: Count
    count: Count
    error: dict[str, str] | None


ANSWERS: dict[tuple[str, str], type[Answer]] = {
    ("get", "/health"): Health,
    ("get", "/runs"): Runs,
    ("get", "/runs/{name}"): Run,
    ("get", "/runs/{name}/audit"): Audit,
    ("post", "/query"): Query,
    ("post", "/verify"): Verify,
    ("post", "/embed"): Embed,
    ("get", "/items"): Items,
    ("post", "/items"): Added,
    ("get", "/items/{number}"): Item,
    ("patch", "/items/{number}"): Item,
    ("delete", "/items/{number}"): Removed,
    ("post", "/items/label"): Labelled,
    ("post", "/items/remove"): Removed,
    ("get", "/labelling"): Labelling,
    ("post", "/labelling/label"): Labelling,
    ("post", "/labelling/skip"): Labelling,
    ("post", "/labelling/undo"): Labelling,
    ("get", "/map/status"): MapStatus,
}


def describe_answers() -> tuple[dict[tuple[str, str], dict[str, Any]], dict[str, Any]]:
    """Return the schema of each call's answer, by (method, path), and what they refer to."""
    parts = [Verdict, Unreadable, Embedding, Sent]
    own, components = msgspec.json.schema_components(
        [*ANSWERS.values(), *parts], ref_template=REFERENCE
    )
    return dict(zip(ANSWERS, own, strict=False)), components
