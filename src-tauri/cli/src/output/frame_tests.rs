use mo_core::view::status::PlanCount;

use super::*;

fn worker(name: &str, state: &str, doing: &str, progress: u8, attempt: u32) -> WorkerView {
    let (agent, role) = name.split_once('-').unwrap();
    WorkerView {
        name: name.to_owned(),
        agent: agent.to_owned(),
        role: role.to_owned(),
        state: state.to_owned(),
        doing: doing.to_owned(),
        progress,
        plan: Some(PlanCount { done: 3, all: 5 }),
        tokens: 12_345,
        cost_usd: (agent == "claude").then_some(0.12),
        cost_known_usd: 0.0,
        attempt,
    }
}

fn session(doing: &str) -> SessionView {
    SessionView {
        id: "orch_20261122_104200_0a1b".to_owned(),
        goal: "add a --version flag\nand a test".to_owned(),
        target: "/t".to_owned(),
        state: "running".to_owned(),
        phase: "plan_review".to_owned(),
        decision: None,
        seq: 7,
        created_at: "2026-11-22T10:42:00.000Z".to_owned(),
        ended_at: None,
        reason: None,
        workers: vec![
            worker("gemini-architect", "done", "done", 100, 1),
            worker("claude-implementer", "working", doing, 60, 1),
            worker("codex-reviewer", "idle", "waiting for its turn", 0, 0),
        ],
        reviews: Vec::new(),
        checks: Vec::new(),
        decisions: Vec::new(),
        recoveries: 0,
        quotas: Vec::new(),
        checkpoint: None,
        fix_round: 0,
        fix_rounds: 0,
        needs_you: Vec::new(),
        approvals: Vec::new(),
        grants: Vec::new(),
        ceiling: Vec::new(),
        blockers: Vec::new(),
        warnings: Vec::new(),
        files_changed: Vec::new(),
        tokens: 0,
        cost_usd: None,
        cost_known_usd: 0.0,
        elapsed_ms: 0,
    }
}

fn drawn(view: &SessionView, size: Size, paint: Paint) -> Vec<String> {
    let writing = BTreeMap::new();
    frame(
        &Shown { view, writing: &writing, note: None, question: &[], elapsed_ms: 83_000, beat: 0 },
        size,
        paint,
    )
}

#[test]
fn a_wide_terminal_shows_everything() {
    let lines = drawn(&session("editing src/lib.rs"), Size { columns: 120, rows: 40 }, Paint::Nothing);
    let expected = [
        "",
        "add a --version flag  plan review · 01:23",
        "✓ gemini-architect   done       ██████████ 100%  12.3k tok  cost unknown  done",
        "⠋ claude-implementer working    ██████░░░░  60%  12.3k tok  $0.12         editing src/lib.rs",
        "· codex-reviewer     idle       ░░░░░░░░░░   0%  12.3k tok                waiting for its turn",
        "Ctrl+C stops the team",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_narrow_one_keeps_what_matters() {
    let lines = drawn(&session("editing src/lib.rs"), Size { columns: 60, rows: 40 }, Paint::Nothing);
    assert_eq!(lines[3], "⠋ claude-implementer working     60%  editing src/lib.rs");
    let lines = drawn(&session("editing src/lib.rs"), Size { columns: 20, rows: 40 }, Paint::Nothing);
    assert!(lines[3].starts_with("⠋ claude-implemen"), "{lines:?}");
}

/// Whatever is said, and however narrow it is: no line is as wide as the terminal, none moves the cursor.
#[test]
fn no_line_leaves_its_row() {
    let hostile = "日本語\u{1b}[2J\r\n\u{202e}x\u{9b}1;1H".repeat(40);
    for columns in 1..140 {
        for rows in [1, 3, 5, 24] {
            let mut view = session(&hostile);
            view.goal.clone_from(&hostile);
            view.workers[0].name = "日本-architect".repeat(5);
            let lines = drawn(&view, Size { columns, rows }, Paint::Nothing);
            assert!(lines.len() <= rows.saturating_sub(2).max(1), "{rows}: {lines:?}");
            for line in lines {
                assert!(line.width() < columns.max(1), "{columns}: {line:?}");
                assert!(!line.contains(['\u{1b}', '\u{202e}', '\r', '\n']), "{line:?}");
            }
        }
    }
}

#[test]
fn colours_change_no_width() {
    let size = Size { columns: 100, rows: 40 };
    let view = session("editing src/lib.rs");
    let plain = drawn(&view, size, Paint::Nothing);
    let colours = drawn(&view, size, Paint::Colours);
    assert!(colours.iter().any(|line| line.contains("\u{1b}[36m")));
    let stripped: Vec<_> = colours.iter().map(|line| words::one_line(line).into_owned()).collect();
    let plain: Vec<_> = plain.iter().map(|line| words::one_line(line).into_owned()).collect();
    assert_eq!(stripped, plain);
}

#[test]
fn what_is_being_written_stands_for_what_is_done() {
    let view = session("thinking");
    let writing = BTreeMap::from([("claude-implementer".to_owned(), "I will now".to_owned())]);
    let shown = Shown {
        view: &view,
        writing: &writing,
        note: Some("stopping"),
        question: &[],
        elapsed_ms: 0,
        beat: 3,
    };
    let lines = frame(&shown, Size { columns: 120, rows: 40 }, Paint::Nothing);
    assert!(lines[3].starts_with("⠸") && lines[3].ends_with("I will now"), "{lines:?}");
    assert_eq!(lines[5], "stopping");
}

#[test]
fn a_question_stands_below_and_keeps_its_place_where_room_is_short() {
    let view = session("x");
    let question = ["? claude-implementer asks".to_owned(), "  why".to_owned(), "  a allow once".to_owned()];
    let drawn = |rows| {
        let (writing, question) = (BTreeMap::new(), &question[..]);
        let shown = Shown { view: &view, writing: &writing, note: None, question, elapsed_ms: 0, beat: 0 };
        frame(&shown, Size { columns: 80, rows }, Paint::Nothing)
    };
    let lines = drawn(30);
    assert_eq!(lines[lines.len() - 4..lines.len() - 1], question);
    assert!(lines[1].contains("plan review") && lines.len() == 9, "{lines:#?}");
    for rows in 3..12 {
        let lines = drawn(rows);
        assert!(lines.len() <= rows - 2, "{rows}: {lines:#?}");
        assert!(lines.iter().any(|line| line.contains("a allow once")), "{rows}: {lines:#?}");
    }
}
