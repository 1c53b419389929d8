"""How long the stages of a run take, and how much goes through each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STAGES = {
    "inputs": "取出",
    "reading": "解析",
    "tables": "表格",
    "structure": "结构",
    "handing_over": "传递",
    "narrative": "正文",
    "reconciling": "勾稽",
    "batches": "批次",
    "years": "年度",
    "writing": "写出",
}
"""Stages in the order of the work, and what the terminal calls them: taking inputs from files and shards; decoding;
aligning tables; title and sections; what a process that reads costs beside its work, its start and its death included;
figures of the narrative, by the tagger; checks; batches kept and read back; checks between years; tables and pages."""


@dataclass(slots=True)
class Stages:
    """Sums over all processes that took part; nothing here depends on the clock but these numbers.

    Attributes:
        seconds: of wall time, by stage.
        processor: seconds of processor time, by stage; far less than the others where much else runs, or a GPU works.
        inputs: that went through, by stage.
    """

    seconds: Counter[str] = field(default_factory=Counter)
    processor: Counter[str] = field(default_factory=Counter)
    inputs: Counter[str] = field(default_factory=Counter)

    def add(self, other: Stages) -> None:
        """Add what another process took."""
        self.seconds.update(other.seconds)
        self.processor.update(other.processor)
        self.inputs.update(other.inputs)

    @contextmanager
    def time(self, stage: str, inputs: int = 0) -> Iterator[None]:
        """Time a stage of some inputs; what fails counts too."""
        started, worked = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started  # type: ignore[assignment]
            self.processor[stage] += time.thread_time() - worked  # type: ignore[assignment]
            self.inputs[stage] += inputs

    def record(self) -> dict[str, dict[str, float | None]]:
        """By stage: seconds, processor seconds, inputs, and inputs a second; null where none are counted."""
        return {
            stage: {
                "seconds": round(self.seconds[stage], 3),
                "processor": round(self.processor[stage], 3),
                "inputs": self.inputs[stage],
                "per_second": round(self.inputs[stage] / self.seconds[stage], 1)
                if self.seconds[stage] and self.inputs[stage]
                else None,
            }
            for stage in STAGES
            if stage in self.seconds
        }

    def line(self) -> str:
        """The same for the terminal, on a line."""
        told = []
        for stage, numbers in self.record().items():
            rate = f"({numbers['per_second']:g}/秒)" if numbers["per_second"] else ""
            told.append(f"{STAGES[stage]} {numbers['seconds']:.1f} 秒{rate}")
        return "各步(各进程合计):" + ",".join(told)
