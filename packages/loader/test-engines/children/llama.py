"""A sharded language model, computed with numpy on the directory at WEIGHTSEAL_MODEL_PATH as a hub lays it out: prints what follows a prompt, and the last logits.

llama.py            maps the shards
llama.py release    copies them, says that it is ready, and computes when they are gone
llama.py adapter    the directory is a LoRA adapter, and the model that it is merged into is at LLAMA_BASE
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file
from tokenizers import Tokenizer

PROMPT, TOKENS = "The weights", 16
given = Path(os.environ["WEIGHTSEAL_MODEL_PATH"])
way = sys.argv[1] if len(sys.argv) > 1 else "map"
folder = Path(os.environ["LLAMA_BASE"]) if way == "adapter" else given
config = json.loads((folder / "config.json").read_text())
where = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
heads, layers = config["num_attention_heads"], config["num_hidden_layers"]

weights = {}
for shard in sorted(set(where.values())):
    if way == "release":
        weights |= load_file(folder / shard)
        continue
    with safe_open(folder / shard, framework="numpy") as file:
        weights |= {name: file.get_tensor(name) for name in file.keys()}
if set(weights) != set(where):
    raise SystemExit("the shards do not hold what the index says")

if way == "adapter":
    adapter = json.loads((given / "adapter_config.json").read_text())
    lora = load_file(given / "adapter_model.safetensors")
    for name in [name for name in lora if name.endswith("lora_A.weight")]:
        change = lora[name.replace("lora_A", "lora_B")] @ lora[name] * (adapter["lora_alpha"] / adapter["r"])
        weights[name.removeprefix("base_model.model.").replace(".lora_A", "")] += change

if way == "release" and "WEIGHTSEAL_READY_FD" in os.environ:
    os.write(int(os.environ["WEIGHTSEAL_READY_FD"]), b"ready\n")
    while any((folder / shard).exists() for shard in where.values()):
        time.sleep(0.01)


def linear(x, name):
    return x @ weights[f"{name}.weight"].T


def norm(x, name):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"]) * weights[f"{name}.weight"]


def turned(x):
    """Each position's pairs, turned by its angles."""
    length, _, size = x.shape
    angles = np.outer(np.arange(length), config["rope_theta"] ** (-np.arange(0, size, 2) / size))
    cos, sin = (np.concatenate([f(angles)] * 2, -1)[:, None].astype(np.float32) for f in (np.cos, np.sin))
    first, second = np.split(x, 2, -1)
    return x * cos + np.concatenate([-second, first], -1) * sin


def attention(x, name):
    q, k, v = (linear(x, f"{name}.{part}_proj").reshape(len(x), heads, -1) for part in "qkv")
    scores = np.einsum("qhd,khd->hqk", turned(q), turned(k)) / np.sqrt(q.shape[-1])
    scores += np.triu(np.full((len(x), len(x)), -np.inf, np.float32), 1)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = np.einsum("hqk,khd->qhd", scores / scores.sum(-1, keepdims=True), v)
    return linear(mixed.reshape(x.shape), f"{name}.o_proj")


def logits(ids):
    x = weights["model.embed_tokens.weight"][ids]
    for layer in (f"model.layers.{n}" for n in range(layers)):
        x = x + attention(norm(x, f"{layer}.input_layernorm"), f"{layer}.self_attn")
        hidden = norm(x, f"{layer}.post_attention_layernorm")
        gate = linear(hidden, f"{layer}.mlp.gate_proj")
        gate = gate / (1 + np.exp(-gate)) * linear(hidden, f"{layer}.mlp.up_proj")
        x = x + linear(gate, f"{layer}.mlp.down_proj")
    return linear(norm(x, "model.norm")[-1], "lm_head")


ids = tokenizer.encode(PROMPT).ids
for _ in range(TOKENS):
    last = logits(ids)
    ids.append(int(last.argmax()))
print(json.dumps({"ids": ids, "text": tokenizer.decode(ids), "logits": last.tolist()}))
