#!/usr/bin/env python3
"""Writes models of random numbers, for real inference servers to serve.

  make_models.py OUT           tiny.gguf (0.5 MB), small.gguf (52 MB),
                               embedder.gguf (0.5 MB), llama-server.ini
  make_models.py --large OUT   large.gguf (506 MB)
  make_models.py --day OUT     day0.gguf to day8.gguf (620 MB together)

Nothing they say means anything, but they load, answer, and take memory as
other models of their size do. The same numbers every time. Needs gguf, numpy.
"""

import argparse
import dataclasses
import pathlib

import gguf
import numpy

CONTEXT_LENGTH = 512
# A quarter of what demo/data/README.md gives the models of its recording, in
# the order in which they first appear.
DAY_MIB = [32, 12, 100, 100, 59, 65, 65, 59, 100]
PRINTABLE = [chr(code) for code in range(ord("!"), ord("~") + 1)]


@dataclasses.dataclass(frozen=True)
class Shape:
    layers: int
    embedding: int
    feed_forward: int
    heads: int = 4
    kv_heads: int = 2

    @property
    def kv(self):
        return self.embedding // self.heads * self.kv_heads


class Model:
    """A GGUF file in the making."""

    def __init__(self, path, architecture, shape):
        self._path = path
        self._random = numpy.random.default_rng(seed=1)
        self.writer = gguf.GGUFWriter(None, architecture)
        self.writer.add_name(path.stem)
        self.writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        self.writer.add_context_length(CONTEXT_LENGTH)
        self.writer.add_block_count(shape.layers)
        self.writer.add_embedding_length(shape.embedding)
        self.writer.add_feed_forward_length(shape.feed_forward)
        self.writer.add_head_count(shape.heads)
        self.writer.add_head_count_kv(shape.kv_heads)

    def matrix(self, name, rows, columns, zero_rows=()):
        """Keeps the size of what it is multiplied with, about."""
        weights = self._random.standard_normal(
            (rows, columns), dtype=numpy.float32
        )
        weights *= columns**-0.5
        weights[list(zero_rows)] = 0
        self.writer.add_tensor(f"{name}.weight", weights)

    def norm(self, name, size):
        self.writer.add_tensor(f"{name}.weight", numpy.ones(size, "float32"))

    def bias(self, name, size):
        self.writer.add_tensor(f"{name}.bias", numpy.zeros(size, "float32"))

    def write(self):
        self.writer.write_header_to_file(self._path)
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def add_sentencepiece(writer):
    """354 tokens. Returns which of them are no printable text."""
    kind = gguf.TokenType
    tokens = [("<unk>", kind.UNKNOWN), ("<s>", kind.CONTROL)]
    tokens += [("</s>", kind.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kind.BYTE) for byte in range(256)]
    unprintable = range(len(tokens))
    tokens += [(text, kind.NORMAL) for text in ["\u2581"] + PRINTABLE]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_token_scores([-float(i) for i in range(len(tokens))])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_vocab_size(len(tokens))
    return len(tokens), unprintable


def shape_of(mib):
    """Of a llama of about this size."""
    layers = 2
    # A layer has 12 squares of the width, as feed_forward is three times it.
    width = 8 * round((mib * 2**20 / 4 / 12 / layers) ** 0.5 / 8)
    return Shape(layers, width, 3 * width)


def write_llama(path, shape):
    """The greedy answer is printable and never ends by itself: no other
    token's score is ever above zero."""
    model = Model(path, "llama", shape)
    model.writer.add_layer_norm_rms_eps(1e-5)
    model.writer.add_rope_dimension_count(shape.embedding // shape.heads)
    vocabulary, unprintable = add_sentencepiece(model.writer)
    width, inner = shape.embedding, shape.feed_forward
    model.matrix("token_embd", vocabulary, width)
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        model.norm(f"{block}.attn_norm", width)
        model.matrix(f"{block}.attn_q", width, width)
        model.matrix(f"{block}.attn_k", shape.kv, width)
        model.matrix(f"{block}.attn_v", shape.kv, width)
        model.matrix(f"{block}.attn_output", width, width)
        model.norm(f"{block}.ffn_norm", width)
        model.matrix(f"{block}.ffn_gate", inner, width)
        model.matrix(f"{block}.ffn_up", inner, width)
        model.matrix(f"{block}.ffn_down", width, inner)
    model.norm("output_norm", width)
    model.matrix("output", vocabulary, width, zero_rows=unprintable)
    model.write()


def add_wordpiece(writer):
    """Letters, at the start of a word and inside of one."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = special + ["\u2581" + text for text in PRINTABLE] + PRINTABLE
    kinds = [gguf.TokenType.CONTROL] * len(special)
    kinds += [gguf.TokenType.NORMAL] * (2 * len(PRINTABLE))
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(3)
    writer.add_sep_token_id(3)
    writer.add_mask_token_id(4)
    writer.add_vocab_size(len(tokens))
    return len(tokens)


def write_bert(path, shape):
    model = Model(path, "bert", shape)
    model.writer.add_layer_norm_eps(1e-12)
    model.writer.add_causal_attention(False)
    model.writer.add_pooling_type(gguf.PoolingType.MEAN)
    vocabulary = add_wordpiece(model.writer)
    width, inner = shape.embedding, shape.feed_forward

    def linear(name, rows, columns):
        model.matrix(name, rows, columns)
        model.bias(name, rows)

    def norm(name):
        model.norm(name, width)
        model.bias(name, width)

    model.matrix("token_embd", vocabulary, width)
    model.matrix("token_types", 2, width)
    model.matrix("position_embd", CONTEXT_LENGTH, width)
    norm("token_embd_norm")
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            linear(f"{block}.{part}", width, width)
        norm(f"{block}.attn_output_norm")
        linear(f"{block}.ffn_up", inner, width)
        linear(f"{block}.ffn_down", width, inner)
        norm(f"{block}.layer_output_norm")
    model.write()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--day", action="store_true")
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    if arguments.large:
        write_llama(out / "large.gguf", Shape(8, 1024, 4096))
        return
    if arguments.day:
        for number, mib in enumerate(DAY_MIB):
            write_llama(out / f"day{number}.gguf", shape_of(mib))
        return
    write_llama(out / "tiny.gguf", Shape(2, 64, 128))
    write_llama(out / "small.gguf", Shape(2, 768, 2048))
    write_bert(out / "embedder.gguf", Shape(2, 64, 128, kv_heads=4))
    # For --models-preset. Not told this, llama-server aborts loading it.
    (out / "llama-server.ini").write_text("[embedder]\nembeddings = true\n")


if __name__ == "__main__":
    main()
