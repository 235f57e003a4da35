//! Claude, the implementer: makes the change, with one honest mistake in it, and mends it when it is told.

use mo_core::agent_event::PlanStatus;
use mo_core::outcome::FailureClass;

use super::read;
use crate::script::{ErrorStep, PlanItem, Step, Turn, TurnKind};

/// What is wrong in the first version of `store.py`.
pub(super) const MISTAKE: &str = "date.fromisoformat(task.due) <= today";
/// What is right.
pub(super) const MENDED: &str = "date.fromisoformat(task.due) < today";

pub(super) fn turns() -> Vec<Turn> {
    [begun(), gone_on(), fix_turn()].map(|steps| Turn::of(TurnKind::Work, steps)).into()
}

const TODO: [&str; 4] = [
    "store.py: a due date for tasks, and what overdue means",
    "todo.py: --due, the date in the list, the command overdue",
    "test_todo.py: tests for both",
    "README.md: an example",
];

/// The list with so many entries done and the next one begun.
fn todo(done: usize) -> Step {
    let entry = |(index, text): (usize, &&str)| {
        let status = match index.cmp(&done) {
            std::cmp::Ordering::Less => PlanStatus::Completed,
            std::cmp::Ordering::Equal => PlanStatus::InProgress,
            std::cmp::Ordering::Greater => PlanStatus::Pending,
        };
        PlanItem::new(text, status)
    };
    Step::Plan(TODO.iter().enumerate().map(entry).collect())
}

fn edit(path: &str, find: &str, replace: &str) -> Step {
    Step::Edit { path: path.to_owned(), find: find.to_owned(), replace: replace.to_owned() }
}

/// The whole first implementation, in its two parts.
pub(super) fn first_turn() -> Vec<Step> {
    begun().into_iter().chain(gone_on()).collect()
}

/// Until its model service is overloaded, which it mostly is only for a moment.
fn begun() -> Vec<Step> {
    let mut steps = vec![
        Step::Say("The plan is clear. I will go through the project file by file.".to_owned()),
        todo(0),
        Step::WaitMs(600),
    ];
    for file in ["store.py", "todo.py", "test_todo.py"] {
        steps.extend(read(file, 700));
    }
    steps.extend([
        Step::Think(
            "A default of `None` keeps old files loading. ISO text keeps the JSON readable.".to_owned(),
        ),
        Step::WaitMs(700),
        store(),
        Step::WaitMs(900),
        todo(1),
        Step::Milestone("tasks have due dates, and old files still load".to_owned()),
        Step::Error(ErrorStep { class: FailureClass::Overloaded, message: None, resets_in_s: 0 }),
    ]);
    steps
}

/// The rest, in the session that knows what was done.
fn gone_on() -> Vec<Step> {
    let mut steps =
        vec![Step::Say("`store.py` is done. I go on with the command line.".to_owned()), Step::WaitMs(400)];
    for change in todo_py() {
        steps.extend([change, Step::WaitMs(900)]);
    }
    steps.extend([
        todo(2),
        Step::Milestone("`add --due`, `list` and `overdue` work on the command line".to_owned()),
    ]);
    for change in tests() {
        steps.extend([change, Step::WaitMs(900)]);
    }
    steps.extend([
        Step::Run(TESTS.to_owned()),
        todo(3),
        readme(),
        Step::WaitMs(600),
        todo(4),
        Step::Text(SUMMARY.to_owned()),
    ]);
    steps
}

/// What it wants to run, and has to ask for: no rule of the policy knows what a program of that name does.
pub(super) const TESTS: &str = "python3 -B -m unittest";

const SUMMARY: &str = "Tasks have due dates now.

- `todo add TEXT --due 2026-12-01` keeps the date; a date that is none is refused with a clear message.
- `todo list` shows it.
- `todo overdue` lists what is late and not done.

Files written before this change still load. There are three new tests, and the README has an example.";

fn store() -> Step {
    edit(
        "store.py",
        "from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Task:
    text: str
    done: bool = False
",
        &format!(
            "from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path


@dataclass
class Task:
    text: str
    done: bool = False
    due: str | None = None


def is_overdue(task: Task, today: date) -> bool:
    \"\"\"Whether a task is late: not done, and its day has passed.\"\"\"
    return not task.done and task.due is not None and {MISTAKE}
"
        ),
    )
}

fn todo_py() -> [Step; 4] {
    [
        edit(
            "todo.py",
            "import sys
from pathlib import Path
",
            "import sys
from datetime import date
from pathlib import Path
",
        ),
        edit(
            "todo.py",
            "    return f\"{number}  [{mark}]  {task.text}\"
",
            "    due = f\"  (due {task.due})\" if task.due else \"\"
    return f\"{number}  [{mark}]  {task.text}{due}\"


def day(text: str) -> str:
    \"\"\"A date as it is given on the command line.\"\"\"
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f\"'{text}' is not a date; write it as 2026-12-01\") from None
",
        ),
        edit(
            "todo.py",
            "    add.add_argument(\"text\")
    commands.add_parser(\"list\", help=\"show all tasks\")
",
            "    add.add_argument(\"text\")
    add.add_argument(\"--due\", type=day, metavar=\"YYYY-MM-DD\", help=\"when it should be done\")
    commands.add_parser(\"list\", help=\"show all tasks\")
    commands.add_parser(\"overdue\", help=\"show what is late\")
",
        ),
        edit(
            "todo.py",
            "        tasks.append(Task(args.text))
        store.save(path, tasks)
        print(f\"Added {len(tasks)}: {args.text}\")
    elif args.command == \"list\":
        for number, task in enumerate(tasks, 1):
            print(line(number, task))
",
            "        tasks.append(Task(args.text, due=args.due))
        store.save(path, tasks)
        print(f\"Added {len(tasks)}: {args.text}\")
    elif args.command in (\"list\", \"overdue\"):
        for number, task in enumerate(tasks, 1):
            if args.command == \"list\" or store.is_overdue(task, date.today()):
                print(line(number, task))
",
        ),
    ]
}

fn tests() -> [Step; 2] {
    [
        edit(
            "test_todo.py",
            "import unittest
from pathlib import Path

import store
import todo
",
            "import unittest
from datetime import date
from pathlib import Path

import store
import todo
from store import Task
",
        ),
        edit(
            "test_todo.py",
            "        self.assertEqual(self.run_todo(\"done\", \"3\"), (1, \"\"))
",
            "        self.assertEqual(self.run_todo(\"done\", \"3\"), (1, \"\"))

    def test_a_due_date_is_listed(self):
        self.run_todo(\"add\", \"Pay the rent\", \"--due\", \"2026-12-01\")
        self.assertEqual(self.run_todo(\"list\"), (0, \"1  [ ]  Pay the rent  (due 2026-12-01)\\n\"))

    def test_only_what_is_late_and_open_is_overdue(self):
        today = date(2026, 12, 1)
        self.assertTrue(store.is_overdue(Task(\"late\", due=\"2026-11-30\"), today))
        self.assertFalse(store.is_overdue(Task(\"done\", done=True, due=\"2026-11-30\"), today))
        self.assertFalse(store.is_overdue(Task(\"later\", due=\"2026-12-02\"), today))
        self.assertFalse(store.is_overdue(Task(\"whenever\"), today))

    def test_a_date_that_is_none_is_refused(self):
        with self.assertRaises(SystemExit):
            self.run_todo(\"add\", \"Pay the rent\", \"--due\", \"soon\")
",
        ),
    ]
}

fn readme() -> Step {
    edit(
        "README.md",
        "    Done: Water the plants

",
        "    Done: Water the plants
    $ python3 todo.py add \"Pay the rent\" --due 2026-12-01
    Added 2: Pay the rent
    $ python3 todo.py overdue

`overdue` lists what should have been done before today.

",
    )
}

/// Mends exactly what the finding names.
pub(super) fn fix_turn() -> Vec<Step> {
    vec![
        Step::Say("The finding is right: a task is not late on its own day.".to_owned()),
        Step::WaitMs(500),
        Step::Read("store.py".to_owned()),
        Step::WaitMs(500),
        edit("store.py", MISTAKE, MENDED),
        Step::WaitMs(700),
        Step::Milestone("what is due today is in time".to_owned()),
        edit(
            "test_todo.py",
            "        self.assertFalse(store.is_overdue(Task(\"later\", due=\"2026-12-02\"), today))
",
            "        self.assertFalse(store.is_overdue(Task(\"today\", due=\"2026-12-01\"), today))
        self.assertFalse(store.is_overdue(Task(\"later\", due=\"2026-12-02\"), today))
",
        ),
        Step::WaitMs(600),
        Step::Text("Mended: `is_overdue` compares with `<` now, so what is due today is still in time, and a test holds that edge in place. Nothing else changed.".to_owned()),
    ]
}
