"""Directories of every shape, for the library to seal: the same in every run."""
from __future__ import annotations

import os
from pathlib import Path
from random import Random

NAMES = ["a", "b", "A b", "ü", "日本", "x.y", "-", "a-b", '"q"', "😀", "\ufb33", "z" * 251, "Z" * 255, ".hid", "con", "end.", "%41", " lead", "\ufffd"]


def grow(at: Path, random: Random) -> None:
    at.mkdir()
    directories, files = [at], []
    for number in range(random.randrange(12)):
        name = random.choice(NAMES) + (str(number) if random.random() < 0.5 else "")
        place, what = random.choice(directories) / name, random.random()
        if len(os.fsencode(name)) > 255 or name.casefold() in [one.casefold() for one in os.listdir(place.parent)]:
            continue
        if what < 0.3:
            place.mkdir()
            directories.append(place)
        elif what < 0.8 or not files:
            place.write_bytes(random.randbytes(random.choice([0, 1, 31, 32, 33, 64, 1000, 5000])))
            place.chmod(0o755 if random.random() < 0.3 else 0o644)
            files.append(place)
        else:
            place.symlink_to(os.path.relpath(random.choice(files), place.parent))


def made_there(at: Path, random: Random, count: int = 30) -> list[dict]:
    made = []
    for number in range(count):
        grow(at / f"tree-{number}", random)
        options: dict = {"segmentLength": random.choice([64, 65, 96, 4096, 1_048_608]), "hideNames": random.random() < 0.3}
        options["public"] = random.choice([[], [], ["*"], ["**"], ["*.y"], ["**/*.y"]])
        options["context"] = random.choice([{}, {"model": "m", "v": "ü"}])
        made.append({"from": str(at / f"tree-{number}"), "to": str(at / f"sealed-{number}"), "keyFile": str(at / "one.key"), "options": options})
    shards = at / "shards"
    shards.mkdir()
    for number in range(32):
        (shards / f"model-{number + 1:05}-of-00032.safetensors").write_bytes(random.randbytes(20_000 + number))
    made.append({"from": str(shards), "to": str(at / "sealed-shards"), "keyFile": str(at / "one.key"), "options": {"segmentLength": 4096}})
    return made
