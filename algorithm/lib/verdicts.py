"""What the scores of the candidates can tell: which is best, and which are too close to tell."""

from typing import Any

BEST = "best"
UNDECIDED = "too few to tell"
WORSE = "worse"
USELESS = "no better than the majority class"
SKIPPED = "not tried: out of time"

Row = dict[str, Any]


def selection_score(row: Row) -> Row | None:
    """Return the score that candidates are chosen by: on validation, or cross-validated."""
    found: Row | None = row.get("val") or row.get("cross_validation")
    return found


def judge(rows: list[Row]) -> list[str]:
    """Return a verdict for each candidate, by the intervals of their accuracy.

    The baselines are among the candidates, and may win. A candidate whose interval overlaps
    with the best one's is too close to tell on so few faces.
    """
    scored = [(row, score) for row in rows if (score := selection_score(row))]
    best, top = max(scored, key=lambda pair: pair[1]["accuracy"])
    majority = next(score for row, score in scored if row["classifier"] == "majority")
    return [_verdict(row, best, top, majority) for row in rows]


def _verdict(row: Row, best: Row, top: Row, majority: Row) -> str:
    score = selection_score(row)
    if score is None:
        return SKIPPED
    if row is best:
        return BEST
    if score["interval"][1] >= top["interval"][0]:
        return UNDECIDED
    if score["interval"][0] <= majority["interval"][1]:
        return USELESS
    return WORSE
