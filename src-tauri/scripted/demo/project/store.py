"""Tasks, and the JSON file that keeps them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Task:
    text: str
    done: bool = False


def load(path: Path) -> list[Task]:
    """All tasks of a file; a file that does not exist yet has none."""
    if not path.exists():
        return []
    return [Task(**entry) for entry in json.loads(path.read_text())]


def save(path: Path, tasks: list[Task]) -> None:
    """Writes all tasks, by way of a second file so that a crash leaves the old ones."""
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps([asdict(task) for task in tasks], indent=2) + "\n")
    beside.replace(path)
