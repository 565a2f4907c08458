"""Converts the ONNX of a model's directory into OpenVINO's own format, xml and bin: make-openvino.py ONNX-MODEL MODEL"""

import shutil
import sys
from pathlib import Path

import openvino as ov

source, folder = map(Path, sys.argv[1:])
folder.mkdir()
ov.save_model(ov.convert_model(source / "onnx/model.onnx"), folder / "openvino_model.xml", compress_to_fp16=False)
for name in ("config.json", "tokenizer.json"):
    shutil.copy(source / name, folder / name)
