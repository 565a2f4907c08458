"""Prints what safetensors reads of the shards of a directory: of each tensor its dtype, its shape, and the SHA-256 of its bytes."""

import hashlib
import json
import sys
from pathlib import Path

from safetensors import safe_open

read = {}
for shard in sorted(Path(sys.argv[1]).glob("*.safetensors")):
    with safe_open(shard, framework="numpy") as file:
        for name in file.keys():
            tensor = file.get_tensor(name)
            digest = hashlib.sha256(tensor.tobytes()).hexdigest()
            read[name] = [str(tensor.dtype), list(tensor.shape), digest, shard.name]
print(json.dumps(read))
