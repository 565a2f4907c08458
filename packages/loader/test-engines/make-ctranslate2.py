"""Writes a small language model as CTranslate2 keeps one, a directory of three files: make-ctranslate2.py MODEL

The weights come from a fixed seed: it says nothing sensible, and the same thing every time.
"""

import sys
from pathlib import Path

import numpy as np
from ctranslate2.specs import TransformerDecoderModelSpec

WIDTH, FORWARD, LAYERS, HEADS = 128, 256, 2, 4
TOKENS = ["<unk>", "<s>", "</s>", *(f"token-{n}" for n in range(253))]
random = np.random.default_rng(12)
spec = TransformerDecoderModelSpec.from_config(LAYERS, HEADS)


def weights(*shape):
    return (random.standard_normal(shape, np.float32) / np.sqrt(shape[-1])).astype(np.float32)


def fill(part, *shape):
    part.weight = weights(*shape)
    if hasattr(part, "bias"):
        part.bias = weights(shape[0])


def norm(part):
    part.gamma, part.beta = np.ones(WIDTH, np.float32), weights(WIDTH)


decoder = spec.decoder
fill(decoder.embeddings, len(TOKENS), WIDTH)
decoder.position_encodings.encodings = weights(256, WIDTH)
decoder.scale_embeddings = False
for layer in decoder.layer:
    norm(layer.self_attention.layer_norm)
    fill(layer.self_attention.linear[0], 3 * WIDTH, WIDTH)
    fill(layer.self_attention.linear[1], WIDTH, WIDTH)
    norm(layer.ffn.layer_norm)
    fill(layer.ffn.linear_0, FORWARD, WIDTH)
    fill(layer.ffn.linear_1, WIDTH, FORWARD)
norm(decoder.layer_norm)
fill(decoder.projection, len(TOKENS), WIDTH)

spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = TOKENS[:3]
spec.register_vocabulary(TOKENS)
spec.validate()
folder = Path(sys.argv[1])
folder.mkdir()
spec.save(str(folder))
