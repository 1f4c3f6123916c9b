"""The answer and the verdicts on the claims: all their differences are tested as one family."""

from itertools import chain
from typing import Any

from fer_transfer.results import answer, claims, compare, evidence, paper
from fer_transfer.results.protocols import groups, of_protocol, paper_protocol
from fer_transfer.results.study import Study
from fer_transfer.settings.settings import Settings

CLAIM_KEYS = ("key", "says", "rule", "sides", "unit")


def find(
    settings: Settings, study: Study, published: paper.Published
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answer, and each claim with its verdict by every source of numbers.

    Those are our runs by the paper's protocol, those with every layer training if there are any,
    and the paper's own tables.
    """
    text, listed = paper_protocol(settings), groups(settings)
    every_layer = text._replace(trainable_layers="all")
    sources = {
        "ours": evidence.of_study(study, text, listed),
        "every_layer": evidence.of_study(study, every_layer, listed)
        if of_protocol(study.ran, every_layer)
        else None,
        "paper": evidence.of_the_paper(published),
    }
    checks = {
        (claim.key, name): claims.check(claim, source)
        for claim in claims.CLAIMS
        for name, source in sources.items()
        if source
    }
    comparisons = answer.compare_all(study)
    tests = compare.correct([*comparisons, *chain(*checks.values())])
    judged = [
        {key: getattr(claim, key) for key in CLAIM_KEYS}
        | {
            name: claims.judge(claim, checks[claim.key, name]) if source else None
            for name, source in sources.items()
        }
        for claim in claims.CLAIMS
    ]
    return answer.answer(comparisons, tests), judged
