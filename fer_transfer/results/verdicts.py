"""The answer and the verdicts on the claims: all their differences are tested as one family."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from fer_transfer.results import answer, claims, compare, evidence, paper
from fer_transfer.results.evidence import Evidence
from fer_transfer.results.protocols import groups, of_protocol, paper_protocol
from fer_transfer.results.study import Study
from fer_transfer.settings.settings import Settings

SOURCES = ("ours", "every_layer", "paper")
CLAIM_KEYS = ("key", "says", "rule", "sides", "unit")


def find(
    settings: Settings, study: Study, published: paper.Published
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answer, and each claim with its verdict by every source of numbers."""
    comparisons = answer.compare_all(study)
    sources = sources_of(settings, study, published)
    checks = {
        (claim.key, name): claims.check(claim, source)
        for claim in claims.CLAIMS
        for name, source in sources.items()
    }
    tests = compare.correct([*comparisons, *chain(*checks.values())])
    judged = [
        {key: getattr(claim, key) for key in CLAIM_KEYS}
        | dict.fromkeys(SOURCES)
        | {name: claims.judge(claim, checks[claim.key, name]) for name in sources}
        for claim in claims.CLAIMS
    ]
    return answer.answer(comparisons, tests), judged


def sources_of(
    settings: Settings, study: Study, published: paper.Published
) -> Mapping[str, Evidence]:
    """Return our numbers by the paper's protocol and, if any ran, with every layer training; and its own."""
    text, listed = paper_protocol(settings), groups(settings)
    every_layer = text._replace(trainable_layers="all")
    sources = {
        "ours": evidence.of_study(study, text, listed),
        "paper": evidence.of_the_paper(published),
    }
    if of_protocol(study.ran, every_layer):
        sources["every_layer"] = evidence.of_study(study, every_layer, listed)
    return sources
