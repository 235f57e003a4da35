use mo_core::view::status::{ApprovalView, BlockerView, NeedView, SessionView};

use mo_engine::config::Notifications;

use crate::attention::{Attention, Call, Kind, Matter};
use crate::outbox_tests::view;

fn question(id: &str, exactly: &str) -> ApprovalView {
    ApprovalView {
        id: id.to_owned(),
        worker: "claude-implementer".to_owned(),
        asked_at: "2026-11-22T10:54:00.000Z".to_owned(),
        state: "open".to_owned(),
        waits: true,
        by: None,
        call: None,
        what: format!("run `{exactly}`"),
        instead: None,
        edit: None,
        kind: Some("command".to_owned()),
        exactly: vec![exactly.to_owned()],
        cwd: Some("/code/shop".to_owned()),
        reason: None,
        grants: None,
        rule: None,
        why: None,
        risk: None,
        diff: None,
        options: vec!["once".to_owned()],
        expires_at: None,
    }
}

fn blocker(id: &str) -> BlockerView {
    BlockerView {
        id: id.to_owned(),
        worker: None,
        at: "2026-11-22T10:54:00.000Z".to_owned(),
        state: "open".to_owned(),
        title: "Codex is not logged in".to_owned(),
        details: String::new(),
        required_actions: vec!["run `codex login`".to_owned()],
        suggestions: Vec::new(),
    }
}

fn with(approvals: Vec<ApprovalView>, blockers: Vec<BlockerView>) -> SessionView {
    SessionView { approvals, blockers, ..view("s1", 1) }
}

fn settled(mut one: ApprovalView) -> ApprovalView {
    one.state = "allowed".to_owned();
    one
}

fn raised(calls: &[Call]) -> Vec<&Matter> {
    calls.iter().filter_map(|call| if let Call::Raise(matter) = call { Some(matter) } else { None }).collect()
}

#[test]
fn a_matter_is_raised_once_and_settled_when_it_is_over() {
    let mut attention = Attention::default();
    let asked = with(vec![question("ap_1", "cargo add x")], vec![]);
    let calls = attention.hear(&asked);
    let [matter] = raised(&calls)[..] else { panic!("{calls:?}") };
    assert_eq!(matter.title, "Claude-implementer asks to run `cargo add x`");
    assert_eq!(matter.body, "cargo add x\nin /code/shop\nfix the test");
    assert_eq!(matter.kind, Kind::Question);
    assert_eq!(attention.hear(&asked), []);

    let both = with(vec![settled(question("ap_1", "cargo add x"))], vec![blocker("s1.9")]);
    let calls = attention.hear(&both);
    assert_eq!(calls[0], Call::Settle { session: "s1".to_owned(), need: "ap_1".to_owned() });
    let [matter] = raised(&calls)[..] else { panic!("{calls:?}") };
    assert_eq!((matter.kind, matter.body.as_str()), (Kind::Blocker, "run `codex login`\nfix the test"));
}

#[test]
fn a_question_that_is_asked_again_after_a_resume_calls_nobody_twice() {
    let mut attention = Attention::default();
    let open = with(vec![question("ap_1", "ls")], vec![]);
    assert_eq!(raised(&attention.hear(&open)).len(), 1);
    let mut answered = question("ap_1", "ls");
    answered.state = "answered".to_owned();
    assert_eq!(raised(&attention.hear(&with(vec![answered], vec![]))).len(), 0);
    assert_eq!(attention.hear(&open), []);
}

#[test]
fn what_stands_when_the_app_opens_calls_nobody_and_is_settled_all_the_same() {
    let mut attention = Attention::default();
    let open = with(vec![question("ap_1", "ls")], vec![blocker("s1.9")]);
    attention.know(&open);
    assert_eq!(attention.hear(&open), []);
    assert_eq!(raised(&attention.hear(&with(vec![question("ap_2", "pwd")], vec![]))).len(), 1);
}

#[test]
fn what_stood_at_the_start_calls_once_it_is_asked_anew() {
    let mut attention = Attention::default();
    let with_waits = |waits| with(vec![ApprovalView { waits, ..question("ap_1", "ls") }], vec![]);
    attention.know(&with_waits(true));
    // Its session comes to rest, is resumed, and its agent asks again.
    assert_eq!(attention.hear(&with_waits(false)), []);
    assert_eq!(attention.hear(&with_waits(false)), []);
    assert_eq!(raised(&attention.hear(&with_waits(true))).len(), 1);
    // From here on it is as any other that was called for.
    assert_eq!(attention.hear(&with_waits(false)), []);
    assert_eq!(attention.hear(&with_waits(true)), []);
    assert_eq!(attention.hear(&with(vec![], vec![])).len(), 1);
}

#[test]
fn what_cannot_be_seen_whole_cannot_be_allowed_from_a_notification() {
    let kind = |asked: ApprovalView| {
        let calls = Attention::default().hear(&with(vec![asked], vec![]));
        raised(&calls)[0].kind
    };
    assert_eq!(kind(question("ap_1", &"x".repeat(300))), Kind::Question);
    assert_eq!(kind(question("ap_1", &"x".repeat(301))), Kind::LongQuestion);
    let change = ApprovalView { diff: Some("+x".to_owned()), ..question("ap_1", "src/a.rs") };
    assert_eq!(kind(change), Kind::LongQuestion);
    let mut wordy = question("ap_1", "");
    wordy.what = "y".repeat(200);
    assert_eq!(kind(wordy), Kind::LongQuestion);
}

#[test]
fn a_session_that_ends_calls_once_and_again_when_it_went_on_meanwhile() {
    let in_state = |state: &str| SessionView {
        state: state.to_owned(),
        reason: Some("all approved".to_owned()),
        ..view("s1", 1)
    };
    let mut attention = Attention::default();
    attention.know(&in_state("finished"));
    assert_eq!(attention.hear(&in_state("finished")), [], "it had ended before the app was opened");
    attention.hear(&in_state("running"));
    for (state, title) in [("finished", "A session has finished"), ("failed", "A session has failed")] {
        let calls = attention.hear(&in_state(state));
        let [matter] = raised(&calls)[..] else { panic!("{calls:?}") };
        assert_eq!((matter.title.as_str(), matter.body.as_str()), (title, "all approved\nfix the test"));
        assert_eq!((matter.kind, matter.card()), (Kind::End, None));
        assert_eq!(attention.hear(&in_state(state)), []);
        let calls = attention.hear(&in_state("running"));
        assert!(matches!(&calls[..], [Call::Settle { .. }]), "{calls:?}");
    }
    assert_eq!(attention.hear(&in_state("paused")), []);
}

#[test]
fn what_nobody_wants_to_hear_calls_nobody_and_is_taken_back_all_the_same() {
    let mut attention = Attention::default();
    let asked = question("ap_1", "ls");
    let mut calls = attention.hear(&with(vec![asked.clone()], vec![blocker("s1.9")]));
    calls.extend(attention.hear(&SessionView { state: "failed".to_owned(), ..view("s1", 2) }));
    let wanted = |wanted: Notifications| {
        let heard = calls.iter().filter(|call| call.is_wanted(wanted));
        heard
            .map(|call| match call {
                Call::Raise(matter) => format!("{:?}", matter.kind),
                Call::Settle { need, .. } => need.clone(),
            })
            .collect::<Vec<_>>()
    };
    let none = Notifications { questions: false, blockers: false, session_end: false };
    assert_eq!(wanted(none), ["ap_1", "s1.9"]);
    assert_eq!(wanted(Notifications::default()), ["Question", "Blocker", "ap_1", "s1.9"]);
    assert_eq!(wanted(Notifications { session_end: true, ..none }), ["ap_1", "s1.9", "End"]);
}

#[test]
fn a_session_that_rests_until_a_person_decides_calls_once_for_each_rest() {
    let rest = |kind: &str| {
        let need = NeedView {
            kind: kind.to_owned(),
            id: None,
            title: "a limit paused the session".to_owned(),
            details: "3 GB are taken\nnot shown".to_owned(),
            required_actions: Vec::new(),
            suggestions: Vec::new(),
        };
        SessionView { state: "paused".to_owned(), needs_you: vec![need], ..view("s1", 1) }
    };
    let mut attention = Attention::default();
    for _ in 0..2 {
        let calls = attention.hear(&rest("limit"));
        let [matter] = raised(&calls)[..] else { panic!("{calls:?}") };
        assert_eq!(
            (matter.kind, matter.card(), matter.title.as_str()),
            (Kind::Rest, None, "A session waits for you")
        );
        assert_eq!(matter.body, "a limit paused the session\n3 GB are taken\nfix the test");
        assert_eq!(attention.hear(&rest("limit")), []);
        let calls = attention.hear(&view("s1", 2));
        assert!(matches!(&calls[..], [Call::Settle { .. }]), "{calls:?}");
    }
    attention.hear(&rest("decision"));
    let over = Call::Settle { session: "s1".to_owned(), need: "decision".to_owned() };
    assert_eq!(attention.keep(&["s1"].into()), []);
    assert_eq!((attention.keep(&[].into()), attention.standing().waiting.len()), (vec![over], 0));
}

#[test]
fn hidden_characters_are_seen() {
    let calls =
        Attention::default().hear(&with(vec![question("ap_1", "rm \u{202e}txt.exe\u{1b}[2K")], vec![]));
    assert!(raised(&calls)[0].body.starts_with("rm \\u{202e}txt.exe\\u{1b}[2K\n"), "{calls:?}");
}

#[test]
fn the_standing_counts_what_runs_and_names_what_waits() {
    let mut attention = Attention::default();
    attention.hear(&view("s1", 1));
    let mut waiting = SessionView { id: "s2".to_owned(), state: "paused".to_owned(), ..view("s2", 1) };
    waiting.needs_you = vec![mo_core::view::status::NeedView {
        kind: "permission_blocker".to_owned(),
        id: Some("s2.4".to_owned()),
        title: String::new(),
        details: String::new(),
        required_actions: Vec::new(),
        suggestions: Vec::new(),
    }];
    attention.hear(&waiting);
    let standing = attention.standing();
    assert_eq!((standing.running, standing.waiting.len()), (1, 1));
    assert_eq!(standing.waiting[0].need.as_deref(), Some("s2.4"));
    attention.hear(&SessionView { state: "finished".to_owned(), ..view("s1", 2) });
    assert_eq!(attention.standing().running, 0);
}
