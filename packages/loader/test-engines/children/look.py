"""Looks at the directory at WEIGHTSEAL_MODEL_PATH as engines do before they open anything, and prints what does not suit them."""

import errno
import json
import os
import stat
from pathlib import Path

folder = Path(os.environ["WEIGHTSEAL_MODEL_PATH"])
names, wrong = [], []


def refusal(act):
    try:
        act()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "none"


def note(path, what):
    wrong.append(f"{path}: {what}")


if os.path.realpath(folder) != str(folder):
    note(folder, "is elsewhere")
for path in folder.rglob("*"):
    within = str(path.relative_to(folder))
    names.append(within)
    status = path.lstat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        note(within, "is no file and no directory")
    if stat.S_ISREG(status.st_mode) and status.st_nlink != 1:
        note(within, f"has {status.st_nlink} names")
    if os.path.realpath(path) != str(path):
        note(within, "is elsewhere")
    if stat.S_ISREG(status.st_mode) and len(path.read_bytes()) != status.st_size:
        note(within, "cannot be read whole")
for absent in ("adapter_config.json", "no/such/model.onnx_data", ".no_exist/config.json"):
    if (refused := refusal((folder / absent).lstat)) != "ENOENT":
        note(absent, refused)
# What is written by whom: the kind of refusal is what an engine goes by.
changed = {
    "a file that is there": refusal(lambda: os.close(os.open(min(folder.glob("*.*")), os.O_RDWR))),
    "a new one": refusal(lambda: os.close(os.open(folder / "npcache", os.O_WRONLY | os.O_CREAT))),
    "a lock": refusal(lambda: os.close(os.open(folder / ".lock", os.O_RDWR | os.O_CREAT))),
}
print(json.dumps({"names": sorted(names), "wrong": wrong, "changed": changed, "user": os.getuid()}))
