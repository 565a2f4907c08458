"""Writes a small language model as a hub lays it out: make-llama.py MODEL ADAPTER

MODEL gets three shards and their index, the configuration and a tokenizer with a token for each byte; ADAPTER a LoRA adapter for it. The weights come from a fixed
seed: it says nothing sensible, and the same thing every time.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

WIDTH, FORWARD, LAYERS, HEADS, SHARDS, RANK = 256, 512, 2, 4, 3, 8
random = np.random.default_rng(11)
model, adapter = map(Path, sys.argv[1:])


def weights(*shape):
    return (random.standard_normal(shape, np.float32) / np.sqrt(shape[-1])).astype(np.float32)


def norm():
    return (1 + random.standard_normal(WIDTH, np.float32) / 8).astype(np.float32)


def write(path, value):
    path.write_text(json.dumps(value, indent=2))


def tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


tensors = {"model.embed_tokens.weight": weights(256, WIDTH)}
for layer in (f"model.layers.{n}" for n in range(LAYERS)):
    tensors[f"{layer}.input_layernorm.weight"] = norm()
    for part in "qkvo":
        tensors[f"{layer}.self_attn.{part}_proj.weight"] = weights(WIDTH, WIDTH)
    tensors[f"{layer}.post_attention_layernorm.weight"] = norm()
    tensors[f"{layer}.mlp.gate_proj.weight"] = weights(FORWARD, WIDTH)
    tensors[f"{layer}.mlp.up_proj.weight"] = weights(FORWARD, WIDTH)
    tensors[f"{layer}.mlp.down_proj.weight"] = weights(WIDTH, FORWARD)
tensors["model.norm.weight"] = norm()
tensors["lm_head.weight"] = weights(256, WIDTH)

model.mkdir()
names = np.array_split(list(tensors), SHARDS)
where = {}
for n, some in enumerate(names, 1):
    shard = f"model-{n:05}-of-{SHARDS:05}.safetensors"
    save_file({name: tensors[name] for name in some}, model / shard, {"format": "pt"})
    where |= {str(name): shard for name in some}
size = sum(tensor.nbytes for tensor in tensors.values())
write(model / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": where})
write(
    model / "config.json",
    {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": WIDTH,
        "intermediate_size": FORWARD,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "vocab_size": 256,
        "torch_dtype": "float32",
    },
)
write(model / "generation_config.json", {"do_sample": False, "max_new_tokens": 16})
write(model / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})
tokenizer().save(str(model / "tokenizer.json"))

adapter.mkdir()
lora = {}
for layer in (f"model.layers.{n}" for n in range(LAYERS)):
    for part in "qv":
        name = f"base_model.model.{layer}.self_attn.{part}_proj"
        lora[f"{name}.lora_A.weight"] = weights(RANK, WIDTH)
        lora[f"{name}.lora_B.weight"] = weights(WIDTH, RANK)
save_file(lora, adapter / "adapter_model.safetensors", {"format": "pt"})
write(
    adapter / "adapter_config.json",
    {
        "peft_type": "LORA",
        "base_model_name_or_path": "weightseal/tiny-llama",
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "target_modules": ["q_proj", "v_proj"],
    },
)
