"""Options of `gouji annotate …`; what the commands do stands in the other files here."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from annotation._exports import NamedTask

app = typer.Typer(help="Annotate reports in Label Studio, or by hand.", no_args_is_help=True)

PROJECT = "gouji"
"""Title of the project with the narrative; `annotation/review.py` names the other."""
Inputs = Annotated[
    list[str] | None, typer.Argument(help="Files, folders (recursive), globs, or shards.", metavar="INPUT...")
]
Project = Annotated[str, typer.Option(help="Title of the project on the server; gouji, or gouji-review.")]
OldServer = Annotated[bool, typer.Option("--utf16", help="For a server of 2021 or before, which counts UTF-16 units.")]
Existing = typer.Argument(exists=True, dir_okay=False)


@app.command(help="Reports to tasks with suggestions. Example: gouji annotate push crawl/ --to-file tasks.json")
def push(
    inputs: Inputs = None,
    review: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            metavar="RUN_DIR",
            help="Instead: the contradictions of a finished run to judge.",
        ),
    ] = None,
    to_file: Annotated[Path | None, typer.Option(help="Write the tasks here, not to the server.")] = None,
    model: Annotated[str, typer.Option(help="Checkpoint folder; the shipped one by default.")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    project: Project = "",
    budget: Annotated[
        int | None, typer.Option(min=1, help="Only so many tasks that nobody has annotated, the best first.")
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Agencies never to offer: run.json, passages, or names by line."
        ),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(exists=True, help="Annotated passages that there are: tells rare labels and families."),
    ] = None,
    utf16: OldServer = False,
) -> None:
    """Import what is not there yet, from an interrupted push on; exit status 1 where there is no task."""
    from annotation.push import Offer, push_reports, push_reviews
    from models.tagger.tagger import DEFAULT

    if (review is None) == (not inputs):
        raise typer.BadParameter("name either INPUT... or --review RUN_DIR")
    if review is not None:
        offered = push_reviews(review, to_file, project)
    else:
        offer = Offer(inputs or [], Path(model or DEFAULT), device, budget, held_out, corpus, utf16)
        offered = push_reports(offer, to_file, project or PROJECT)
    if not offered:
        raise typer.Exit(1)


@app.command(help="Annotations to passages (JSONL). Example: gouji annotate pull --out gold.jsonl")
def pull(
    out: Annotated[Path, typer.Option(help="File of annotated passages, or of reviews.")],
    review: Annotated[bool, typer.Option("--review", help="Instead: what people said of contradictions.")] = False,
    from_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="An export (JSON) instead of the server.")
    ] = None,
    project: Annotated[
        list[str] | None,
        typer.Option(
            help="Title of a project on the server; gouji, or gouji-review. Once for each: a passage of several "
            "counts once, with the annotations of all."
        ),
    ] = None,
    annotator: Annotated[str, typer.Option(help="Only this one's work: id or mail address.")] = "",
    adjudicate: Annotated[
        str,
        typer.Option(
            metavar="newest|majority|strict|ID",
            help="Which annotation counts where several people made one; ID decides.",
        ),
    ] = "newest",
    utf16: OldServer = False,
) -> None:
    """Write what annotators finished; exit status 1 where there is nothing."""
    from annotation._files import replaced
    from annotation.pull import write_passages

    if review:
        _pull_reviews(out, from_file, project, annotator)
        return
    with replaced(out) as passages, replaced(out.with_suffix(".provenance.json")) as provenance:
        with _exported(from_file, project or [PROJECT]) as (where, tasks):
            written = write_passages(
                tasks, passages, provenance, where=where, rule=adjudicate, annotator=annotator, utf16=utf16
            )
        for line in written.open:
            sys.stderr.write(f"undecided {line}\n")
        sys.stderr.write(f"{written.passages} passages; skipped: {_counted(written.skipped)}\n")
        if not written.passages:
            raise typer.Exit(1)


def _pull_reviews(out: Path, from_file: Path | None, projects: list[str] | None, annotator: str) -> None:
    """Write every annotator's answers; exit status 1 where there are none."""
    from annotation._files import replaced
    from annotation.review import PROJECT as REVIEWS
    from annotation.review import read_reviews

    with _exported(from_file, projects or [REVIEWS]) as (where, tasks):
        reviews = read_reviews(tasks, where=where, annotator=annotator)
    sys.stderr.write(f"{len(reviews.lines)} answers; skipped: {_counted(reviews.skipped)}\n")
    if not reviews.lines:
        raise typer.Exit(1)
    with replaced(out) as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in reviews.lines)


@contextmanager
def _exported(from_file: Path | None, projects: list[str]) -> Iterator[tuple[str, Iterable[NamedTask]]]:
    """The name of an export, and its tasks with their names, counted on the screen."""
    from annotation._exports import named, parse_tasks
    from annotation._progress import show_progress
    from annotation._server import Server

    data: Iterable[NamedTask]
    if from_file is None:
        server, titles = Server.from_environment(), list(dict.fromkeys(projects))
        where = "project " + ", ".join(map(repr, titles))
        addresses = [server.task_address(title) for title in titles]
        data = chain.from_iterable(named(server.pull(t), a) for t, a in zip(titles, addresses, strict=True))
    else:
        where, data = str(from_file), named(parse_tasks(from_file.read_bytes(), where=str(from_file)))
    with show_progress() as show:
        yield where, (show(f"{number} tasks") or task for number, task in enumerate(data, 1))


def _counted(skipped: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in skipped.items() if n) or "nothing"


@app.command(help="Print the labelling configuration (XML).")
def config(
    review: Annotated[bool, typer.Option("--review", help="That of contradictions to judge.")] = False,
) -> None:
    """For projects that are made by hand in the browser."""
    from annotation.label_config import label_config
    from annotation.review import review_config
    from models.ontology import load_ontology

    typer.echo(review_config() if review else label_config(load_ontology()))


@app.command(help="How far annotators agree. Example: gouji annotate agreement training/corpus training/second")
def agreement(
    first: Annotated[
        Path,
        typer.Argument(exists=True, help="Annotated passages (a file, or a folder of them); alone: an export (JSON)."),
    ],
    second: Annotated[
        Path | None, typer.Argument(exists=True, help="The same passages, or some, by another annotator.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also a page with every disagreement in its context.")] = None,
    utf16: OldServer = False,
) -> None:
    """Span F1 and Cohen's kappa for each label, of two files or of every pair of annotators of an export."""
    from annotation._exports import parse_tasks
    from annotation._files import replaced
    from annotation._label_studio import read_export
    from annotation.agreement import compare_files, compare_people, print_agreement
    from annotation.agreement_page import agreement_page
    from annotation.answers import Export
    from annotation.label_config import label_names
    from models.ontology import load_ontology
    from models.schema.errors import ConfigError

    ontology, export = load_ontology(), Export()
    if second is not None:
        pairs = [compare_files(first, second, ontology.labels)]
    elif first.is_dir():
        raise ConfigError(f"{first}: a folder needs a second one to compare with; alone only an export (JSON) will do")
    else:
        tasks = parse_tasks(first.read_bytes(), where=str(first))
        export = read_export(tasks, where=str(first), labels=ontology.labels, utf16=utf16)
        pairs = compare_people(export, ontology.labels)
    for pair in pairs:
        typer.echo(f"甲 {pair.names[0]},乙 {pair.names[1]}:{len(pair.first)} passages")
        print_agreement(pair.rows, label_names(ontology))
    if html is not None:
        with replaced(html) as file:
            file.write(agreement_page(pairs, export, ontology))


@app.command(help="Suggest live, and train on what is annotated: an ML backend. Example: gouji annotate serve")
def serve(
    host: Annotated[str, typer.Option(help="Another one than loopback needs GOUJI_SERVE_TOKEN.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 9090,
    model: Annotated[str, typer.Option(help="Checkpoint folder; the shipped one by default.")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    train_config: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Settings of gouji train, to train again; with the corpus that the model was fitted on.",
        ),
    ] = None,
    gold: Annotated[
        Path, typer.Option(dir_okay=False, help="Where submitted annotations are kept and trained on.")
    ] = Path("gold.jsonl"),
    after: Annotated[int, typer.Option(min=1, help="New annotations that start a training.")] = 100,
) -> None:
    """Answer Label Studio until interrupted."""
    from annotation.backend import Backend
    from annotation.retrain import Retrainer
    from annotation.serve import BackendServer, token_from_environment
    from annotation.suggest import Suggester
    from annotation.tasks import model_version
    from models.schema.errors import ConfigError
    from models.tagger.tagger import DEFAULT, Tagger

    token, checkpoint = token_from_environment(), Path(model or DEFAULT)
    suggester = Suggester(Tagger.load(checkpoint, device), model_version(checkpoint))
    retrainer = None
    if train_config is not None:
        split = checkpoint / "run.json"
        if not split.is_file():
            raise ConfigError(
                f"--model {checkpoint}: no run.json says what it holds out, which must never be trained on"
            )
        retrainer = Retrainer(train_config, gold, after, split, lambda folder: suggester.use(folder, device))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a training must not outlive the service
    with BackendServer(host, port, Backend(suggester, retrainer), token) as server:
        sys.stderr.write(f"model version {suggester.model_version} answers on http://{host}:{server.server_port}\n")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stderr.write("stopped\n")
        finally:
            if retrainer is not None:
                retrainer.stop()


@app.command("compile", help="Passages marked by hand to JSONL. Example: gouji annotate compile a.txt --out a.jsonl")
def compile_markup(
    files: Annotated[list[Path], Existing],
    out: Annotated[Path, typer.Option(help="File of annotated passages.")],
) -> None:
    """The notation is explained in `annotation/markup.py`."""
    from annotation._files import replaced
    from annotation.markup import parse_markup
    from models.ontology import load_ontology
    from models.schema.gold import to_json

    labels = load_ontology().labels
    passages = [p for path in files for p in parse_markup(path.read_text("utf-8"), name=path.stem, labels=labels)]
    with replaced(out) as file:
        file.writelines(to_json(passage) + "\n" for passage in passages)
