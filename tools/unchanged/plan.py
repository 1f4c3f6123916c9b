"""What there is to prove: the stages with results whose code is not the one that made them."""

from dataclasses import dataclass, field

from dvc.repo import Repo

from fer_transfer.console.errors import InputError
from tools.pipeline import Pipeline
from tools.unchanged import past, small


@dataclass
class Plan:
    """The old code, the stages to compare, and why others have to run again."""

    now: Pipeline
    commit: str = ""
    past: Pipeline | None = None
    names: list[str] = field(default_factory=list)
    again: dict[str, str] = field(default_factory=dict)


def make(repo: Repo, now: Pipeline) -> Plan:
    """Find the stages to compare, in the order of dvc.lock, and the code they ran with.

    These are the stages of variants and runs, and those they hang on: what takes hours. The
    others are cheap and run again. Where the code of one changed that others hang on, theirs
    are compared too, as they show whether it matters.
    """
    plan = Plan(now)
    known = [name for name in now.entries if name in now.stages]
    stale = [name for name in known if not now.is_current(name)]
    costly = {name for name in known if now.stages[name].generated}
    costly |= now.upstream(costly)
    changed = changed_settings(now, stale)
    for name in stale:
        why = _why_again(now, name, changed)
        if name not in costly:
            plan.again[name] = "cheap: nothing of a variant or a run hangs on it"
        elif why:
            plan.again[name] = why
    wanted = now.downstream(set(stale) - set(plan.again)) & costly
    plan.names = [
        name for name in known if name in wanted and not _why_again(now, name, changed)
    ]
    if plan.names:
        _check_inputs(plan)
        plan.commit, plan.past, made = past.find(repo, now, plan.names)
        for name in set(plan.names) - made:
            plan.again[name] = f"it was not made by the code of {plan.commit[:7]}"
        plan.names = [name for name in plan.names if name in made]
    return plan


def _why_again(now: Pipeline, name: str, changed: dict[str, str]) -> str:
    """Say why a stage cannot be proven whatever its code does, if so."""
    if small.SOURCE in now.stages[name].settings:
        return f"the small part has another {small.SOURCE}"
    return next(
        (why for by, why in changed.items() if by in now.upstream({name}) | {name}), ""
    )


def changed_settings(now: Pipeline, names: list[str]) -> dict[str, str]:
    """Say which setting has another value than dvc.lock records, by stage.

    A setting that is new or gone is a change of structure, which the small part may prove.
    """
    return {
        name: found
        for name in names
        for found in [
            changed_setting(now.entries[name].settings, now.stages[name].settings)
        ]
        if found
    }


def changed_setting(old: dict[str, object], new: dict[str, object]) -> str:
    """Name the first setting that both have, with another value.

    >>> changed_setting({"train.epochs": 20, "train.seed": 1}, {"train.epochs": 30})
    '`train.epochs` was 20, is 30'
    """
    for key, value in old.items():
        if key in new and new[key] != value:
            return f"`{key}` was {value}, is {new[key]}"
    return ""


def _check_inputs(plan: Plan) -> None:
    """Raise an InputError if a stage reads what no entry of dvc.lock records."""
    missing = [
        (name, path)
        for name in plan.names
        for path, found in plan.now.inputs(name).items()
        if not found
    ]
    if missing:
        name, path = missing[0]
        shared = {name for name in plan.names if not plan.now.stages[name].generated}
        shared |= {plan.now.stages[name].reads[path] for name, path in missing}
        raise InputError(
            f"{name} reads {path}, and dvc.lock records no such file. {run_first(shared)}"
        )


def run_first(names: set[str]) -> str:
    """Say that stages must run for real."""
    return f"Run `dvc repro {' '.join(sorted(names))}` first, then this again."
