"""dvc.lock for results that no DVC made."""

import json

import settings_files

from fer_transfer.console import integrity
from fer_transfer.core import files


def write(folder):
    """Write dvc.lock as if each stage had run by params.yaml on the files that lie there."""
    settings = settings_files.YAML_12.load(folder / "params.yaml")
    pipeline = settings_files.load("dvc.yaml")

    def hashes(paths):
        names = [next(iter(path)) if isinstance(path, dict) else path for path in paths]
        there = [name for name in names if (folder / name).is_file()]
        known = {name: files.digest(folder / name, "md5") for name in there}
        return [{"path": name, "md5": known.get(name, "")} for name in names]

    entries = {}
    for stage, defined in pipeline["stages"].items():
        listed = settings[defined["foreach"][2:-1]] if "do" in defined else {"": {}}
        for key, item in listed.items():
            values = {**settings, "key": key, "item": item}
            text = json.dumps(defined.get("do", defined))
            one = json.loads(integrity._interpolate(text, values))
            entries[f"{stage}@{key}" if key else stage] = {
                "cmd": one["cmd"],
                "params": {
                    "params.yaml": {
                        name: integrity._lookup(settings, name)
                        for name in one.get("params", [])
                    }
                },
                "deps": hashes(one["deps"]),
                "outs": hashes(one["outs"]),
            }
    (folder / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": entries}))
