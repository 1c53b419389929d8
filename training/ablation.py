"""What each part of the tagger's recipe is worth: the same training with one thing changed, over several seeds.

`python -m training.ablation --jobs 2` trains what `configs/training/ablation.yaml` lists and is not yet under
`--results`, one JSON a run; one that is killed goes on where it stopped. `--table` only prints the table.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml

from models.schema.errors import ConfigError
from training.fit import train
from training.settings import read_settings

PLAN = Path("configs/training/ablation.yaml")
RESULTS = Path("training/trials")
KINDS = {"named": "named statistics", "all": "all figures", "worded_zeros": "worded zeros"}


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One training of the plan.

    Attributes:
        variant: its name in the plan.
        settings: of `gouji train`, without those of the run itself.
        name: of its folder and its result; another one where the settings are others.
    """

    variant: str
    seed: int
    settings: dict[str, Any]
    name: str


def trials(plan: Path) -> list[Trial]:
    """All trainings of a plan, the first seed of each variant before the second of any.

    Raises:
        ConfigError: the plan is missing or wrong.
    """
    try:
        told = yaml.safe_load(plan.read_text("utf-8"))
        base = yaml.safe_load((plan.parent / told["base"]).read_text("utf-8"))
        here = plan.parent.resolve()
        corpus = sorted(str(path) for pattern in base["corpus"] for path in here.glob(pattern))
        places = {"corpus": corpus, "split": str(here / told["split"])}
        found = []
        for seed in told["seeds"]:
            for variant, changes in told["variants"].items():
                settings = _changed(base, {**told["changes"], **changes})
                digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
                found.append(Trial(variant, seed, {**settings, **places}, f"{digest[:8]}-{seed}"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{plan}: {type(error).__name__}: {' '.join(str(error).split())}") from error
    return found


def _changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    settings = copy.deepcopy(base)
    for dotted, value in changes.items():
        *path, last = dotted.split(".")
        place = settings
        for part in path:
            place = place[part]
        place[last] = value
    return settings


def run(trial: Trial, folder: Path, results: Path) -> None:
    """Train, and keep the scores; the weights are not kept."""
    output = folder / trial.name
    output.mkdir(parents=True, exist_ok=True)
    config = output / "settings.yaml"
    config.write_text(yaml.safe_dump({**trial.settings, "seed": trial.seed, "output": str(output)}), "utf-8")
    started = time.process_time()
    train(read_settings(config))
    record = json.loads((output / "run.json").read_text("utf-8"))
    result = {
        "variant": trial.variant,
        "seed": trial.seed,
        "parameters": record["parameters"],
        "train": record["passages"]["train"],
        "corpus_digest": record["corpus_digest"],
        "core_minutes": round((time.process_time() - started) / 60, 1),
        "scores": {
            part: {kind: scores[kind] for kind in (*KINDS, "calibration_error")}
            for part, scores in record["scores"].items()
        },
    }
    results.mkdir(parents=True, exist_ok=True)
    part = output / "result.json"
    part.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    shutil.move(part, results / f"{trial.name}.json")
    shutil.rmtree(output)


def table(plan: Sequence[Trial], results: Path) -> str:
    """Markdown: F1 on the test families of each variant, mean of its seeds (lowest to highest).

    Raises:
        ConfigError: results are of different corpora.
    """
    found = {trial: _result(results / f"{trial.name}.json") for trial in plan}
    corpora = {result["corpus_digest"] for result in found.values() if result}
    if len(corpora) > 1:
        raise ConfigError(f"{results}: results of {len(corpora)} corpora; remove those of all but one")
    head = ["variant", "seeds", "parameters, M", "train on", *KINDS.values()]
    rows = [head, ["---"] * len(head)]
    for variant in dict.fromkeys(trial.variant for trial in plan):
        seeds = [result for trial, result in found.items() if result and trial.variant == variant]
        if seeds:
            size, passages = seeds[0]["parameters"] / 1e6, seeds[0]["train"]
            rows.append([variant, str(len(seeds)), f"{size:.1f}", str(passages), *(_f1(seeds, kind) for kind in KINDS)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _result(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text("utf-8")) if path.is_file() else None  # type: ignore[no-any-return]


def _f1(results: Sequence[dict[str, Any]], kind: str) -> str:
    scores = [100 * result["scores"]["test"][kind]["f1"] for result in results]
    return f"{statistics.mean(scores):.1f} ({min(scores):.1f} to {max(scores):.1f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.ablation", description=__doc__)
    parser.add_argument("--plan", type=Path, default=PLAN)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"), help="where the trainings work")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at once, one core each")
    parser.add_argument("--table", action="store_true", help="print what there is and train nothing")
    options = parser.parse_args(arguments)
    plan = trials(options.plan)
    if not options.table:
        missing = [trial for trial in plan if not (options.results / f"{trial.name}.json").is_file()]
        sys.stderr.write(f"{len(missing)} of {len(plan)} trainings are missing\n")
        with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
            for trial, done in [(trial, pool.submit(run, trial, options.runs, options.results)) for trial in missing]:
                done.result()
                sys.stderr.write(f"{trial.name}: {trial.variant}, seed {trial.seed}\n")
    sys.stdout.write(table(plan, options.results))


if __name__ == "__main__":
    main()
