"""safetensors opens the file twice, lazily by a mapping and whole, and prints a sum over each tensor from both."""

import json
import os

import numpy
from safetensors import safe_open
from safetensors.numpy import load_file

path = os.environ["WEIGHTSEAL_MODEL_PATH"]


def answer(tensor):
    return [str(tensor.dtype), list(tensor.shape), float(numpy.sum(tensor, dtype=numpy.float64))]


with safe_open(path, framework="numpy") as file:
    lazily = {name: answer(file.get_tensor(name)) for name in sorted(file.keys())}
whole = {name: answer(tensor) for name, tensor in sorted(load_file(path).items())}
if lazily != whole:
    raise SystemExit("the two ways of reading differ")
print(json.dumps(whole))
