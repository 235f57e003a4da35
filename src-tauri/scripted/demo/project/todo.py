"""A to-do list for the terminal."""

import argparse
import os
import sys
from pathlib import Path

import store
from store import Task


def line(number: int, task: Task) -> str:
    """A task as it is listed."""
    mark = "x" if task.done else " "
    return f"{number}  [{mark}]  {task.text}"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="todo", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="add a task")
    add.add_argument("text")
    commands.add_parser("list", help="show all tasks")
    done = commands.add_parser("done", help="finish a task")
    done.add_argument("number", type=int)
    return top


def run(argv: list[str], path: Path) -> int:
    args = parser().parse_args(argv)
    tasks = store.load(path)
    if args.command == "add":
        tasks.append(Task(args.text))
        store.save(path, tasks)
        print(f"Added {len(tasks)}: {args.text}")
    elif args.command == "list":
        for number, task in enumerate(tasks, 1):
            print(line(number, task))
    elif args.command == "done":
        if not 1 <= args.number <= len(tasks):
            print(f"There is no task {args.number}.", file=sys.stderr)
            return 1
        task = tasks[args.number - 1]
        task.done = True
        store.save(path, tasks)
        print(f"Done: {task.text}")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], Path(os.environ.get("TODO_FILE", "tasks.json"))))
