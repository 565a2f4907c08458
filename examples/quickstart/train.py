"""Train the quickstart's model: a classifier for handwritten digits.

    python -m venv .venv
    .venv/bin/pip install -r requirements.txt
    .venv/bin/python train.py

The data is the 8x8 digits set that scikit-learn carries, so nothing is downloaded at run
time. The seed is fixed; with the versions in requirements.txt the result repeats on one
machine, and another CPU's arithmetic may change the last bits of the weights.

Writes beside this file:
    digits.onnx          input  pixels        float32 [n, 64], values 0 to 16
                         output probabilities float32 [n, 10], one column per digit
    digits-samples.json  20 samples that training did not see, each {"label", "pixels"}
"""

import textwrap
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).resolve().parent
SEED = 20260101
PIXEL_MAX = 16
SAMPLE_COUNT = 20


def to_onnx(mlp: MLPClassifier) -> onnx.ModelProto:
    """One Gemm per layer, Relu between layers, Softmax at the end."""
    initializers, nodes = [], []
    current = "pixels"
    last = len(mlp.coefs_) - 1
    for i, (weight, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_)):
        if i == 0:
            # The network was trained on pixels scaled to 0..1; the model takes them as they are.
            weight = weight / PIXEL_MAX
        initializers.append(numpy_helper.from_array(weight.astype(np.float32), f"weight{i}"))
        initializers.append(numpy_helper.from_array(bias.astype(np.float32), f"bias{i}"))
        nodes.append(helper.make_node("Gemm", [current, f"weight{i}", f"bias{i}"], [f"gemm{i}"]))
        if i < last:
            nodes.append(helper.make_node("Relu", [f"gemm{i}"], [f"relu{i}"]))
            current = f"relu{i}"
        else:
            nodes.append(helper.make_node("Softmax", [f"gemm{i}"], ["probabilities"], axis=1))

    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])],
        initializers,
    )
    model = helper.make_model(
        graph,
        producer_name="weightseal-quickstart",
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def sample_json(label: int, pixels: np.ndarray) -> str:
    """One sample, laid out as the repository's formatter would."""
    values = ", ".join(str(int(p)) for p in pixels)
    lines = textwrap.fill(values, width=110, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return f'  {{\n    "label": {label},\n    "pixels": [\n{lines}\n    ]\n  }}'


def main() -> None:
    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        digits.data, digits.target, test_size=0.25, random_state=SEED, stratify=digits.target
    )
    mlp = MLPClassifier(hidden_layer_sizes=(256, 128), max_iter=200, random_state=SEED)
    mlp.fit(train_x / PIXEL_MAX, train_y)

    # Measured on the exported float32 model, not on scikit-learn's own float64 one.
    model = to_onnx(mlp)
    (probabilities,) = ReferenceEvaluator(model).run(None, {"pixels": test_x.astype(np.float32)})
    right = int((probabilities.argmax(axis=1) == test_y).sum())

    model_bytes = model.SerializeToString(deterministic=True)
    (HERE / "digits.onnx").write_bytes(model_bytes)

    # The first held-out samples as the split ordered them: not picked for being easy.
    held_out = zip(test_y[:SAMPLE_COUNT], test_x[:SAMPLE_COUNT])
    samples = [sample_json(label, pixels) for label, pixels in held_out]
    (HERE / "digits-samples.json").write_text("[\n" + ",\n".join(samples) + "\n]\n")

    print(f"held-out accuracy: {right / len(test_y):.4f} ({right} of {len(test_y)})")
    samples_right = int((probabilities[:SAMPLE_COUNT].argmax(axis=1) == test_y[:SAMPLE_COUNT]).sum())
    print(f"of the samples written: {samples_right} of {SAMPLE_COUNT} right")
    print(f"digits.onnx: {len(model_bytes)} bytes")


if __name__ == "__main__":
    main()
