"""all-MiniLM-L6-v2 as ONNX with external data, by onnxruntime or OpenVINO, or as OpenVINO's own format: prints the embeddings of sentences.

minilm_onnx.py onnxruntime | openvino            reads onnx/model.onnx in the directory at WEIGHTSEAL_MODEL_PATH
minilm_onnx.py ir [beside | XDG_CACHE_HOME]      reads openvino_model.xml; OpenVINO keeps what it compiles beside it, or below what the variable names

Where it can say that it is ready, it does so when it has loaded, and computes when the names are gone.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

SENTENCES = [
    "The weights are sealed.",
    "Nobody can read the parameters of the model.",
    "A cat sleeps in the sun.",
]
NAMES = ["input_ids", "attention_mask", "token_type_ids"]
folder = Path(os.environ["WEIGHTSEAL_MODEL_PATH"])
engine, where = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None


def onnxruntime():
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    path = folder / "onnx/model.onnx"
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(["last_hidden_state"], inputs)[0]


def openvino(path, cache=None):
    import openvino as ov

    core = ov.Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(path, "CPU", settings | ({"CACHE_DIR": str(cache)} if cache else {}))
    return lambda inputs: compiled(inputs)[0]


def kept():
    if where is None:
        return None
    return (folder if where == "beside" else Path(os.environ[where])) / "openvino_cache"


cache = kept()
if engine == "onnxruntime":
    infer = onnxruntime()
elif engine == "openvino":
    infer = openvino(folder / "onnx/model.onnx")
else:
    infer = openvino(folder / "openvino_model.xml", cache)

tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()

if "WEIGHTSEAL_READY_FD" in os.environ:
    os.write(int(os.environ["WEIGHTSEAL_READY_FD"]), b"ready\n")
    while (folder / "config.json").exists():
        time.sleep(0.01)


def embed(sentence):
    encoded = tokenizer.encode(sentence)
    values = (encoded.ids, encoded.attention_mask, encoded.type_ids)
    inputs = {name: np.array([value], np.int64) for name, value in zip(NAMES, values, strict=True)}
    mean = infer(inputs)[0].mean(0)
    return (mean / np.linalg.norm(mean)).tolist()


embeddings = [embed(sentence) for sentence in SENTENCES]
compiled = [path.suffix for path in cache.iterdir()] if cache else []
print(json.dumps({"embeddings": embeddings, "cached": compiled}))
