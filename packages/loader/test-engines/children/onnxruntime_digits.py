"""onnxruntime reads the digits model by its path, and prints the probabilities of every sample."""

import json
import os
from pathlib import Path

import numpy
import onnxruntime

SAMPLES = Path(__file__).resolve().parents[4] / "examples/quickstart/digits-samples.json"

samples = json.loads(SAMPLES.read_text())
pixels = numpy.array([sample["pixels"] for sample in samples], numpy.float32)

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["WEIGHTSEAL_MODEL_PATH"], options, ["CPUExecutionProvider"])
(probabilities,) = session.run(["probabilities"], {"pixels": pixels})
print(json.dumps(probabilities.tolist()))
