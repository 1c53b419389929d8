"""How fast the tagger is, and a run around it: `python -m tests.bench_tagger [--device cuda]`; prints Markdown.

Everything is measured in one process with one thread, in turns, and the best of the repeats counts; on a CPU by
processor time, which other work on the machine disturbs least. Only `on_all_cores` goes by the clock. The corpus is
`crawl`, which says how it repeats itself.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from inference.process import settle
from inference.rows import Rows, report_rows
from inference.sinks.parquet import open_tables
from models.narrative.candidates import scan
from models.narrative.cues import find_cues
from models.narrative.read import read_many, without_talk
from models.narrative.text import narrative_of, windows
from models.numerals import simplified
from models.ontology import load_ontology
from models.readers.inputs import Input
from models.readers.plain import read
from models.reading import read_document
from models.reconciling.registry import reconcile
from models.schema.extraction import Extraction
from models.structure.build import build_document
from models.tables.align import align
from models.tagger import network
from models.tagger.network import Network
from models.tagger.tagger import DEFAULT, Marked, Tagger, _jobs
from tests.scale import YEARS, reports

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "reports"
COPIED = 0.5
"""Share of a report's paragraphs that are last year's word for word; in the others every number is another."""
GENERAL = (
    "坚持以公开促落实、促规范、促服务,把政务公开工作贯穿于决策、执行、管理、服务和结果全过程,不断提升工作的制度化水平。",
    "健全信息发布审核机制,严格落实先审后发,确保公开内容准确、表述规范,切实做好保密审查和个人信息保护。",
    "加强门户网站和政务新媒体的日常维护,优化栏目设置,完善检索功能,方便群众查阅,主动回应社会关切。",
    "存在的问题是:部分工作人员对政策理解不深,公开的主动性有待加强,解读形式较为单一,与群众期盼还有差距。",
    "下一步将加强业务学习,丰富解读形式,拓宽公开渠道,完善监督考核,推动政务公开工作再上新台阶。",
)
"""Paragraphs without figures, as every agency writes them."""
BATCH = 16


def crawl(n: int) -> Iterator[str]:
    """Texts of reports: planted figures and tables, general paragraphs, and five that an agency writes every year."""
    pools = [
        [line for line in read(path.read_bytes()).text.split("\n") if 60 < len(line) < 400]
        for path in sorted(EXAMPLES.glob("*.txt"))
    ]
    for number, text in enumerate(reports(n)):
        rng = Random(number)
        lines = [
            line if rng.random() < COPIED else _renumbered(line, rng)
            for line in pools[number // len(YEARS) % len(pools)][:5]
        ]
        title, rest = text.split("\n", 1)
        prose = [piece for pair in zip(lines, GENERAL, strict=False) for piece in pair]
        yield "\n".join(
            [title, *prose[:6], rest, "五、存在的主要问题及改进情况", *prose[6:], "六、其他需要报告的事项", "无。"]
        )


def _renumbered(line: str, rng: Random) -> str:
    return re.sub(r"(?<!\d)[1-9]\d{0,2}(?!\d)", lambda m: str(rng.randint(1, 10 ** len(m[0]) - 1)), line)


def best_of(repeats: int, systems: Mapping[str, Callable[[], object]], clock: Callable[[], float]) -> dict[str, float]:
    """Seconds of each system, the best of the repeats, in turns."""
    seconds: dict[str, float] = {}
    for _ in range(repeats):
        for name, system in systems.items():
            start = clock()
            system()
            seconds[name] = min(seconds.get(name, float("inf")), clock() - start)
    return seconds


def peak(dtype: torch.dtype, device: str, clock: Callable[[], float]) -> float:
    """FLOP/s of a square matrix product."""
    size = 2048 if device == "cpu" else 8192
    one = torch.randn(size, size, device=device).to(dtype)
    return 2.0 * size**3 / best_of(8, {"": lambda: float((one @ one)[0, 0])}, clock)[""]


def flops(config: Any, lengths: Sequence[int]) -> float:
    """Multiplications and additions of the layers and the convolution; what padding costs is not counted."""
    width, inner = config.hidden_size, config.intermediate_size
    matrices = config.num_hidden_layers * (4 * width * width + 2 * width * inner)
    convolution = getattr(config, "conv_kernel_size", 0) * width * width
    return sum(n * 2.0 * (matrices + convolution + config.num_hidden_layers * 2 * n * width) for n in lengths)


def against_pipeline(marked: Sequence[Marked], device: str, repeats: int, clock: Callable[[], float]) -> str:
    """The ladder from the plain pipeline to the tagger, on every window of the narratives."""
    tagger = Tagger.load(DEFAULT, device)
    pipe = _pipeline(device)
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT)
    texts = [m.text[w.start : w.end] for m in marked for w in windows(m.text)]
    everywhere = [[c.start for c in scan(text)] for text in texts]
    short = [without_talk(m) for m in marked]
    asked = [job.question for m in short for job in _jobs(0, m)]
    offsets = [[*(offset for offset, _ in question.candidates), *question.cues] for question in asked]
    own = Network(deepcopy(tagger.model), tokenizer, device)
    half = Tagger(deepcopy(tagger.model).bfloat16(), tokenizer, load_ontology(), device)

    def one_by_one() -> None:
        for text, places in zip(texts, everywhere, strict=True):
            list(own.ask([text], [places]))

    systems: dict[str, Callable[[], object]] = {
        f"pipeline, batch size {size}": partial(lambda n: pipe(texts, batch_size=n), size) for size in (1, 4, 8, 16, 32)
    }
    systems |= {
        "our encoder, a window at a time": one_by_one,
        "in batches": lambda: list(own.ask(texts, everywhere)),
        "without sentences that hold nothing": lambda: list(own.ask([q.text for q in asked], offsets)),
        "repeated windows once: the tagger": lambda: _fresh(tagger, short),
        "the tagger in bf16": lambda: _fresh(half, short),
    }
    seconds = best_of(repeats, systems, clock)
    said = [{token["start"]: token["entity"] for token in tokens} for tokens in pipe(texts, batch_size=8)]
    names = pipe.model.config.id2label
    pairs = [
        (said[which][everywhere[which][i]], names[int(row.argmax())])
        for places, logits, _ in own.ask(texts, everywhere)
        for (which, i), row in zip(places, logits, strict=True)
    ]
    labels = [
        (a.statistic, b.statistic)
        for one, other in zip(_fresh(tagger, short), _fresh(half, short), strict=True)
        for a, b in zip(one.labels, other.labels, strict=True)
    ]
    talk = [
        (a.statistic, b.statistic)
        for one, other in zip(_fresh(tagger, short), _fresh(tagger, marked), strict=True)
        for a, b in zip(one.labels, other.labels, strict=True)
    ]
    return "\n".join(
        [
            f"{len(texts)} windows; {len(asked)} of the sentences with a candidate or cue, {len(set(asked))} different.",
            _ladder(seconds, len(texts)),
            f"Best label of all equal to the pipeline's at {_equal(pairs)} candidates; "
            f"bf16 and fp32 give the same label at {_equal(labels)}, with and without the other sentences at {_equal(talk)}.",
        ]
    )


def on_all_cores(marked: Sequence[Marked], repeats: int) -> str:
    """The pipeline with a thread a core against a tagger a core with one thread each, as a user would run them."""
    cores = os.cpu_count() or 1
    pipe = _pipeline("cpu")
    texts = [m.text[w.start : w.end] for m in marked for w in windows(m.text)]
    context = get_context("spawn")
    lines = [context.Pipe() for _ in range(cores)]
    workers = [
        context.Process(target=_work, args=(theirs, [without_talk(m) for m in marked[k::cores]]), daemon=True)
        for k, (_, theirs) in enumerate(lines)
    ]
    for worker in workers:
        worker.start()

    def together(half: bool) -> None:
        for ours, _ in lines:
            ours.send(half)
        for ours, _ in lines:
            ours.recv()

    together(half=False)
    together(half=True)
    torch.set_num_threads(cores)
    systems: dict[str, Callable[[], object]] = {
        f"pipeline, batch size {size}": partial(lambda n: pipe(texts, batch_size=n), size) for size in (1, 4, 8, 16)
    }
    systems |= {"the tagger": partial(together, half=False), "the tagger in bf16": partial(together, half=True)}
    seconds = best_of(repeats, systems, time.perf_counter)
    torch.set_num_threads(1)
    for worker in workers:
        worker.terminate()
    return f"{len(texts)} windows, {cores} cores, seconds by the clock.\n" + _ladder(seconds, len(texts))


def _work(line: Connection, marked: Sequence[Marked]) -> None:
    """Name the figures of narratives as often as the line asks, in bf16 where it says so."""
    settle()
    tagger = Tagger.load(DEFAULT, "cpu")
    half = Tagger(deepcopy(tagger.model).bfloat16(), tagger._network.tokenizer, load_ontology(), "cpu")
    while True:
        _fresh(half if line.recv() else tagger, marked)
        line.send(None)


def _pipeline(device: str) -> Any:
    model = AutoModelForTokenClassification.from_pretrained(DEFAULT)
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT)
    return pipeline("token-classification", model=model, tokenizer=tokenizer, ignore_labels=[], device=device)


def _fresh(tagger: Tagger, marked: Sequence[Marked]) -> list[Any]:
    """All narratives, batch by batch, by a tagger that remembers nothing."""
    tagger._remembered.clear()
    return [named for i in range(0, len(marked), BATCH) for named in tagger.read(marked[i : i + BATCH])]


def _ladder(seconds: Mapping[str, float], n: int) -> str:
    """Windows a second of each system, against the pipeline, plain and at its best."""
    first, *others = [s for name, s in seconds.items() if name.startswith("pipeline")]
    best = min([first, *others])
    rows = [[name, f"{n / s:.0f}", f"{first / s:.2f}", f"{best / s:.2f}"] for name, s in seconds.items()]
    return table(["", "windows/s", "x plain", "x its best batch"], rows)


def _equal(pairs: Sequence[tuple[object, object]]) -> str:
    return f"{sum(a == b for a, b in pairs)} of {len(pairs)}"


def of_peak(texts: Sequence[str], device: str, repeats: int, clock: Callable[[], float]) -> str:
    """The network's own time against the peak: the shipped shape and a larger one, by size of batch."""
    tokenizer = AutoTokenizer.from_pretrained(DEFAULT)
    lengths = [len(ids) for ids in tokenizer(list(texts))["input_ids"]]
    shipped = Tagger.load(DEFAULT, "cpu").model
    config = deepcopy(shipped.config)
    config.hidden_size, config.num_hidden_layers, config.intermediate_size = 256, 4, 1024
    models = {"shipped": shipped, "4 layers, 256 wide": AutoModelForTokenClassification.from_config(config)}
    rows = []
    for dtype in (torch.float32, torch.bfloat16):
        top = peak(dtype, device, clock)
        rows.append([f"matrix product, {dtype}", "", "", f"{top / 1e9:.0f}", "100 %"])
        for name, model in models.items():
            one = Network(deepcopy(model).to(dtype), tokenizer, device)
            budgets = (512, 1024, 2048, 4096) if device == "cpu" else (4096, 16384, 65536)
            systems = {str(size): partial(_pass, one, texts, size) for size in budgets}
            for size, seconds in best_of(repeats, systems, clock).items():
                rate = flops(one.model.config, lengths) / seconds
                tokens = f"{sum(lengths) / seconds / 1000:.1f}"
                rows.append([f"{name}, {dtype}", size, tokens, f"{rate / 1e9:.0f}", f"{100 * rate / top:.0f} %"])
    return table(["", "tokens a batch", "1000 tokens/s", "GFLOP/s", "of peak"], rows)


def _pass(one: Network, texts: Sequence[str], size: int) -> None:
    before = network.TOKENS, network.GPU_TOKENS
    network.TOKENS = network.GPU_TOKENS = size
    list(one.ask(texts, [range(len(text)) for text in texts]))
    network.TOKENS, network.GPU_TOKENS = before


def stages(texts: Sequence[str], device: str, clock: Callable[[], float]) -> str:
    """One run over reports, batch by batch as in `gouji run`, stage by stage."""
    tagger = Tagger.load(DEFAULT, device)
    spent: Counter[str] = Counter()

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = clock()
        result = work()
        spent[stage] += clock() - start
        return result

    with TemporaryDirectory() as folder, open_tables(Path(folder)) as tables:
        for i in range(0, len(texts), BATCH):
            items = [Input(f"{k}", ".txt", text.encode()) for k, text in enumerate(texts[i : i + BATCH], i)]
            sources = timed("read", lambda items=items: [read(item.data) for item in items])
            aligned = timed("tables", lambda sources=sources: [align(s.text, s.grids) for s in sources])
            pairs = list(zip(sources, aligned, strict=True))
            documents = timed("structure", lambda pairs=pairs: [_document(s, a) for s, a in pairs])
            named = timed("tagger", lambda documents=documents: read_many(documents, tagger))
            extractions = [
                Extraction(d, n.text, tuple(figures), a.cells if a else ())
                for d, a, (n, figures) in zip(documents, aligned, named, strict=True)
            ]
            found = timed("reconcile", lambda extractions=extractions: [reconcile(e) for e in extractions])
            timed("write", lambda a=items, b=extractions, c=found: tables.write(_rows(a, b, c)))
        timed("write", tables.flush)
    total = spent.total()
    rows = [[n, f"{1000 * s / len(texts):.1f}", f"{100 * s / total:.0f} %"] for n, s in spent.items()]
    rows.append(["all", f"{1000 * total / len(texts):.1f}", f"{len(texts) / total:.1f} reports/s on a core"])
    return table(["stage", "ms a report", "share"], rows)


def _document(source: Any, aligned: Any) -> Any:
    if aligned is None:
        return build_document(source, form=None, tables=())
    return build_document(source, form=aligned.form, tables=aligned.spans, absent=aligned.absent)


def _rows(items: Sequence[Input], extractions: Sequence[Extraction], found: Sequence[Any]) -> Rows:
    rows = Rows()
    for item, extraction, findings in zip(items, extractions, found, strict=True):
        rows.extend(report_rows(item, extraction, findings))
    return rows


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> None:
    """Print the sections, one after the other as they are measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--reports", type=int, default=160, help="of the run")
    parser.add_argument("--compared", type=int, default=20, help="the first ones, which the pipeline reads too")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    settle()
    clock = time.process_time if chosen.device == "cpu" else time.perf_counter
    texts = list(crawl(chosen.reports))
    documents = [read_document(read(text.encode()))[0] for text in texts[: chosen.compared]]
    narratives = [simplified(narrative_of(document).text) for document in documents]
    marked = [Marked(text, scan(text), find_cues(text)) for text in narratives]
    cut = list(islice((m.text[w.start : w.end] for m in marked for w in windows(m.text)), 200))
    where = torch.cuda.get_device_name() if chosen.device == "cuda" else f"{torch.backends.cpu.get_cpu_capability()}"
    sys.stdout.write(f"# Tagger and run on {where}, torch {torch.__version__}, one thread\n")
    sections = [
        ("A run, by stage", lambda: stages(texts, chosen.device, clock)),
        ("Against the pipeline", lambda: against_pipeline(marked, chosen.device, chosen.repeats, clock)),
        ("Of the machine's peak", lambda: of_peak(cut, chosen.device, chosen.repeats, clock)),
    ]
    if chosen.device == "cpu":
        sections.append(("Against the pipeline on all cores", lambda: on_all_cores(marked, chosen.repeats)))
    for title, work in sections:
        sys.stdout.write(f"\n## {title}\n\n{work()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
