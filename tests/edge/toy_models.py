"""Small TFLite models whose answers can be worked out by hand, and folders that list them beside the shipped ones."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converter.manifest_writer import manifest_text
from edge.manifest import Manifest, ModelEntry


def dense(kernel: np.ndarray, bias: np.ndarray, *, softmax: bool) -> bytes:
    """A float model (1, length) -> (1, classes): kernel, (length, classes), and a softmax or none."""
    length, classes = kernel.shape
    model = schema.ModelT()
    model.version, model.buffers, model.operatorCodes = 3, [schema.BufferT()], []
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []

    def tensor(name: str, shape: tuple[int, ...], values: np.ndarray | None = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type = name, list(shape), schema.TensorType.FLOAT32
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    def operation(code: int, inputs: list[int], output: int, kind: int, options: object) -> None:
        name = schema.OperatorCodeT()
        name.builtinCode = name.deprecatedBuiltinCode = code
        name.version = 1
        model.operatorCodes.append(name)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(model.operatorCodes) - 1, inputs, [output]
        made.builtinOptionsType, made.builtinOptions = kind, options
        graph.operators.append(made)

    entry, logits = tensor("embedding", (1, length)), tensor("logits", (1, classes))
    weights, biases = tensor("kernel", (classes, length), kernel.T), tensor("bias", (classes,), bias)
    options = schema.BuiltinOptions
    operation(
        schema.BuiltinOperator.FULLY_CONNECTED,
        [entry, weights, biases],
        logits,
        options.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )
    graph.inputs, graph.outputs = [entry], [logits]
    if softmax:
        shares = tensor("shares", (1, classes))
        beta = schema.SoftmaxOptionsT()
        beta.beta = 1.0
        operation(schema.BuiltinOperator.SOFTMAX, [logits], shares, options.SoftmaxOptions, beta)
        graph.outputs = [shares]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def models_with(folder: Path, *models: tuple[ModelEntry, bytes]) -> Path:
    """folder with the shipped models and these, whose entries need no sha256 yet."""
    shipped = Manifest()
    folder.mkdir(exist_ok=True)
    for entry in shipped.entries.values():
        (folder / entry.file).symlink_to(shipped.directory / entry.file)
    added = []
    for entry, content in models:
        (folder / entry.file).unlink(missing_ok=True)
        (folder / entry.file).write_bytes(content)
        added.append(replace(entry, sha256=hashlib.sha256(content).hexdigest()))
    entries = shipped.entries | {entry.name: entry for entry in added}
    (folder / "manifest.toml").write_text(manifest_text(entries.values()))
    return folder
