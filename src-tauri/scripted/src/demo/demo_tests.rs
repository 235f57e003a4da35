use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use mo_core::ids::AgentKind;

use super::{DemoError, implementer, project, sample_project, scripts, set_up};
use crate::script::{Review, Script, Step, TurnKind};

fn script(agent: &AgentKind) -> Script {
    scripts().into_iter().find(|(of, _)| of == agent).unwrap().1
}

fn review(turn: &crate::script::Turn) -> &Review {
    turn.steps
        .iter()
        .find_map(|step| match step {
            Step::Review(review) => Some(review),
            _ => None,
        })
        .unwrap()
}

/// Does what the file steps say, strictly.
fn perform(dir: &Path, steps: &[Step]) {
    for step in steps {
        if let Step::Edit { path, find, replace } = step {
            let text = std::fs::read_to_string(dir.join(path)).unwrap();
            assert_eq!(text.matches(find.as_str()).count(), 1, "{path}: {find}");
            std::fs::write(dir.join(path), text.replacen(find.as_str(), replace, 1)).unwrap();
        }
    }
}

#[test]
fn the_finding_points_at_the_line_of_the_mistake_and_the_fix_removes_it() {
    let dir = tempfile::tempdir().unwrap();
    sample_project(dir.path()).unwrap();
    perform(dir.path(), &implementer::first_turn());
    let findings = &review(&script(&AgentKind::Codex).turns[1]).findings.clone();
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let file = std::fs::read_to_string(dir.path().join(finding.file.as_deref().unwrap())).unwrap();
    let line = file.lines().nth(finding.line.unwrap() as usize - 1).unwrap();
    assert!(line.contains("<= today"), "{line}");
    assert!(finding.evidence.contains(implementer::MISTAKE) && !finding.suggestion.is_empty());
    assert_eq!(file, project::after(&implementer::first_turn(), "store.py"));
    perform(dir.path(), &implementer::fix_turn());
    let file = std::fs::read_to_string(dir.path().join("store.py")).unwrap();
    assert!(file.contains(implementer::MENDED) && !file.contains("<="), "{file}");
}

#[test]
fn the_project_passes_its_own_tests_before_in_between_and_after() {
    let _forking = crate::FORKS.read().unwrap();
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3 here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    sample_project(dir.path()).unwrap();
    let tests = |expected: &str| {
        let run =
            Command::new("python3").args(["-B", "-m", "unittest"]).current_dir(dir.path()).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success() && said.contains(expected), "{said}");
    };
    tests("Ran 2 tests");
    perform(dir.path(), &implementer::first_turn());
    tests("Ran 5 tests");
    let file = dir.path().join("store.py");
    perform(dir.path(), &implementer::fix_turn());
    let mended = std::fs::read_to_string(&file).unwrap();
    tests("Ran 5 tests");
    // The new test would have caught the mistake.
    std::fs::write(&file, mended.replace(implementer::MENDED, implementer::MISTAKE)).unwrap();
    let run =
        Command::new("python3").args(["-B", "-m", "unittest"]).current_dir(dir.path()).output().unwrap();
    assert!(!run.status.success());
}

#[test]
fn the_story_is_one_concern_and_then_approval() {
    let words = |agent: &AgentKind| -> Vec<String> {
        let turns = script(agent).turns;
        let reviews = turns.iter().filter(|turn| turn.kind == Some(TurnKind::Review));
        reviews.map(|turn| review(turn).verdict.0.clone()).collect()
    };
    assert_eq!(words(&AgentKind::Codex), ["approved", "concern", "approved", "approved"]);
    assert_eq!(words(&AgentKind::Gemini), ["approved", "approved", "approved"]);
}

#[test]
fn it_takes_a_watching_person_about_forty_seconds() {
    let seconds = |agent: &AgentKind, turn: usize| -> f64 {
        let script = script(agent);
        let typing = f64::from(script.typing);
        script.turns[turn]
            .steps
            .iter()
            .map(|step| match step {
                Step::WaitMs(ms) => f64::from(u32::try_from(*ms).unwrap()) / 1000.0,
                Step::Say(text) | Step::Text(text) | Step::Milestone(text) => {
                    f64::from(u32::try_from(text.len()).unwrap()) / typing
                }
                Step::Review(review) => {
                    let length = review.answer_text("nonce: 1234").len();
                    f64::from(u32::try_from(length).unwrap()) / typing
                }
                _ => 0.0,
            })
            .sum()
    };
    let (gemini, claude, codex) = (AgentKind::Gemini, AgentKind::Claude, AgentKind::Codex);
    let both = |a: f64, b: f64| a.max(b);
    let parts = [
        seconds(&gemini, 0),
        seconds(&codex, 0),
        seconds(&claude, 0),
        // The wait of the recovery: at least half of it.
        1.5,
        seconds(&claude, 1),
        both(seconds(&gemini, 1), seconds(&codex, 1)),
        seconds(&claude, 2),
        both(seconds(&gemini, 2), seconds(&codex, 2)),
    ];
    let total: f64 = parts.iter().sum();
    assert!((34.0..42.0).contains(&total), "{total:.1} s of {parts:.1?}");
}

#[test]
fn nothing_of_a_person_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "x").unwrap();
    let error = sample_project(dir.path()).unwrap_err();
    assert!(matches!(error, DemoError::NotEmpty(_)));
    assert_eq!(error.code(), "demo_folder_not_empty");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn everything_is_set_up_in_one_folder() {
    let dir = tempfile::tempdir().unwrap();
    let demo = set_up(dir.path(), Path::new("/exe"), true).unwrap();
    let names: HashSet<String> = std::fs::read_dir(&demo.target)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, project::FILES.map(|(name, _)| name.to_owned()).into());
    assert_eq!(demo.programs.len(), 3);
    for (agent, script) in scripts() {
        let path = dir.path().join(format!("team/{agent}.json"));
        let read = Script::load(&path).unwrap();
        assert_eq!(read.turns, script.turns, "what is written is read back");
    }
}
