"""Training in a child process after so many new annotations; its checkpoint becomes the next model version."""

from __future__ import annotations

import glob
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from annotation._files import replaced
from annotation.kept import Kept, Submitted
from models.schema.errors import ConfigError

log = logging.getLogger("gouji")
SECONDS_TO_STOP = 10


class Retrainer:
    """Keeps what annotators submit, counts it, and trains.

    Args:
        config: settings of `gouji train`; every training writes beside its `output`, as NAME-1, NAME-2 …
        gold: passages (JSONL) that join the settings' corpus; the newest annotation of a passage counts.
        after: passages annotated since the last training that start the next one.
        split: `run.json` of the model that the trainings follow; what it holds out never trains.
        done: called with the folder of a checkpoint that is ready.

    Raises:
        ConfigError: the settings or the passages are wrong.
    """

    def __init__(self, config: Path, gold: Path, after: int, split: Path, done: Callable[[Path], None]) -> None:
        self._config, self._after, self._split, self._done = config, after, split, done
        self._settings = _settings(config)
        self._gold = Kept(gold)
        self._training: set[Submitted] = set()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def add(self, submitted: Collection[Submitted]) -> int:
        """Keep annotations, in the place of what they were before; gives how many passages are new.

        New is what changed since the last training started; it is counted on after a restart.
        """
        with self._lock:
            self._gold.put(submitted)
            return self._counted()

    def remove(self, annotations: Collection[int], tasks: Collection[int]) -> int:
        """Forget annotations by their numbers, and those of tasks; gives how many passages are new."""
        with self._lock:
            self._gold.remove(annotations, tasks)
            return self._counted()

    def _counted(self) -> int:
        count = len(self._new())
        if count >= self._after:
            self._start()
        return count

    def _new(self) -> set[Submitted]:
        return self._gold.new() - self._training

    def start(self) -> bool:
        """Train now; False where a training is running or there is nothing to add."""
        with self._lock:
            return self._start()

    def stop(self) -> None:
        """End a training that is running; none starts after that."""
        with self._lock:
            self._stopped, child = True, self._child
        if child is not None:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(SECONDS_TO_STOP)
            child.kill()

    def _start(self) -> bool:
        passages = self._gold.passages()
        if self._stopped or self._child is not None or not passages:
            return False
        folder = _next_folder(self._settings.output)
        settings = folder.with_name(f"{folder.name}.yaml")
        own = [glob.escape(str(self._gold.path)), str(self._split)]
        paths = [*(str(self._config.parent / pattern) for pattern in self._settings.corpus), *own]
        *corpus, split = (os.path.relpath(path, folder.parent) for path in paths)
        changed = self._settings.model_copy(update={"corpus": corpus, "split": split, "output": folder})
        with replaced(settings) as file:
            yaml.safe_dump(changed.model_dump(mode="json"), file, allow_unicode=True)
        command = [sys.executable, "-m", "gouji", "train", "--config", str(settings)]
        with folder.with_name(f"{folder.name}.log").open("wb") as output:
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # noqa: S603
        self._training = self._gold.new()
        log.warning("training %s with %d annotated passages", folder.name, len(passages))
        threading.Thread(target=self._wait, args=(self._child, folder), daemon=True).start()
        return True

    def _wait(self, child: subprocess.Popen[bytes], folder: Path) -> None:
        status = child.wait()
        try:
            if status == 0:
                self._done(folder)
                log.warning("model version %s answers from now on", folder.name)
            else:
                log.error("training %s ended with status %d: see %s.log", folder.name, status, folder)
        except (ConfigError, OSError, RuntimeError, ValueError, KeyError) as error:  # the old model goes on answering
            log.error("model version %s cannot be used: %s", folder.name, error)
        finally:
            with self._lock:
                self._child = None
                if not self._stopped:  # what a stopped training had counts again
                    self._gold.mark_trained(self._training)
                    self._training = set()
                    self._counted()


class _Settings(BaseModel):
    """What is changed in the settings of a training; `gouji train` checks the rest."""

    model_config = ConfigDict(extra="allow")

    corpus: list[str]
    output: Path


def _settings(config: Path) -> _Settings:
    try:
        return _Settings.model_validate(yaml.safe_load(config.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{config}: no settings of gouji train: {str(error).splitlines()[0]}") from error


def _next_folder(output: Path) -> Path:
    """NAME-1 or the first number that no earlier training has used."""
    number = 1
    while any(output.with_name(f"{output.name}-{number}{end}").exists() for end in ("", ".yaml")):
        number += 1
    return output.with_name(f"{output.name}-{number}")
