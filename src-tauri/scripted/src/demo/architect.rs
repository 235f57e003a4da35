//! Gemini, the architect: reads the project and writes the plan; later one of the two who look at the result.

use mo_core::agent_event::PlanStatus;

use super::{read, reviewer};
use crate::script::{PlanItem, Step, Turn, TurnKind};

const PLAN: &str = include_str!("../../demo/plan.md");

pub(super) fn turns() -> Vec<Turn> {
    vec![
        Turn::of(TurnKind::Work, plan()),
        Turn::of(TurnKind::Review, first_look()),
        Turn::of(TurnKind::Review, second_look()),
    ]
}

fn plan() -> Vec<Step> {
    let at = |reading, writing| {
        Step::Plan(vec![
            PlanItem::new("Understand how tasks are kept and shown", reading),
            PlanItem::new("Write the plan", writing),
        ])
    };
    let mut steps = vec![
        Step::Say("I will read the project before I plan anything.".to_owned()),
        at(PlanStatus::InProgress, PlanStatus::Pending),
        Step::WaitMs(600),
    ];
    for file in ["README.md", "store.py", "todo.py", "test_todo.py"] {
        steps.extend(read(file, 900));
    }
    steps.extend([
        Step::Think("Small and tidy. Old files have no due date, so the new field needs a default. And \"overdue\" must be defined: is a task late on its day, or after it? After it.".to_owned()),
        at(PlanStatus::Completed, PlanStatus::InProgress),
        Step::WaitMs(1600),
        at(PlanStatus::Completed, PlanStatus::Completed),
        Step::Text(PLAN.to_owned()),
    ]);
    steps
}

fn first_look() -> Vec<Step> {
    let mut steps = vec![Step::WaitMs(500)];
    for file in ["store.py", "todo.py", "test_todo.py"] {
        steps.extend(read(file, 900));
    }
    steps.extend([
        Step::Think("Every point of the plan has its place in the change. Old files load, because `due` has a default.".to_owned()),
        Step::WaitMs(500),
        Step::Review(reviewer::approved("The change follows the plan step by step: old task files still load, a bad date is refused in plain words, and no dependency was added.")),
    ]);
    steps
}

fn second_look() -> Vec<Step> {
    let mut steps = vec![Step::WaitMs(400)];
    steps.extend(read("store.py", 900));
    steps.push(Step::Review(reviewer::approved(
        "Only the comparison and one test changed since the last review, exactly as the finding asked. It still follows the plan.",
    )));
    steps
}
