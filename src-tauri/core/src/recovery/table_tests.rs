use crate::ids::WorkerName;

use super::*;

fn troubles() -> impl Iterator<Item = Trouble> {
    let own = [Trouble::Crashed, Trouble::Stalled, Trouble::MalformedStream, Trouble::OutOfDisk];
    own.into_iter().chain(FailureClass::ALL.into_iter().map(Trouble::Failed))
}

fn launched(permission: PermissionMode, flags: bool) -> Launched {
    Launched { permission, skip_git_repo_check: flags, skip_trust: flags }
}

#[test]
fn a_trouble_is_one_word_in_json_and_reads_back() {
    for trouble in troubles() {
        let text = serde_json::to_string(&trouble).unwrap();
        assert_eq!(text, format!("\"{}\"", trouble.word()));
        assert_eq!(serde_json::from_str::<Trouble>(&text).unwrap(), trouble, "{text}");
    }
}

#[test]
fn every_remedy_is_bounded_and_can_be_switched_off() {
    let agents = [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini, AgentKind::Acp("goose".into())];
    for (agent, trouble) in agents.iter().flat_map(|agent| troubles().map(move |t| (agent, t))) {
        for (permission, flags) in
            [(PermissionMode::Ask, false), (PermissionMode::Bypass, false), (PermissionMode::Bypass, true)]
        {
            for attempts in [0, 1, 5] {
                let settings = RecoverySettings { attempts, ..RecoverySettings::default() };
                let found = remedy(trouble, agent, launched(permission, flags), true, settings);
                let Some((what, bound)) = found else { continue };
                assert!(attempts > 0, "{trouble:?}: off is off");
                let most = if what == Remedy::WaitForReset { RESETS } else { attempts };
                assert!((1..=most).contains(&bound), "{trouble:?}: {bound}");
                // What was given is not given again, and nothing is allowed that was not.
                assert!(!(flags && matches!(what, Remedy::AddSkipGitRepoCheck | Remedy::AddSkipTrust)));
                assert!(permission == PermissionMode::Bypass || what != Remedy::AskInstead);
            }
        }
    }
}

#[test]
fn the_table() {
    use FailureClass as Class;
    let settings = RecoverySettings::default();
    let of = |trouble, agent: &AgentKind, permission| {
        remedy(trouble, agent, launched(permission, false), false, settings)
    };
    let ask = |class| of(Trouble::Failed(class), &AgentKind::Codex, PermissionMode::Ask);
    assert_eq!(ask(Class::NotAGitRepo), Some((Remedy::AddSkipGitRepoCheck, 1)));
    assert_eq!(ask(Class::UntrustedFolder), None, "that flag is Gemini's");
    assert_eq!(ask(Class::RateLimited), Some((Remedy::BackOff, 5)));
    assert_eq!(ask(Class::UsageLimit), None, "its end is not known");
    assert_eq!(ask(Class::ContextTooLong), Some((Remedy::NewSession, 1)));
    assert_eq!(ask(Class::RootRefused), None);
    for class in
        [Class::NotLoggedIn, Class::AuthInvalid, Class::AuthExpired, Class::ModelUnknown, Class::Unknown]
    {
        assert_eq!(ask(class), None, "{class:?}");
    }
    let root = of(Trouble::Failed(Class::RootRefused), &AgentKind::Claude, PermissionMode::Bypass);
    assert_eq!(root, Some((Remedy::AskInstead, 1)));
    let trust = of(Trouble::Failed(Class::UntrustedFolder), &AgentKind::Gemini, PermissionMode::Bypass);
    assert_eq!(trust, Some((Remedy::AddSkipTrust, 1)));
    let limit = remedy(
        Trouble::Failed(Class::UsageLimit),
        &AgentKind::Claude,
        launched(PermissionMode::Ask, true),
        true,
        settings,
    );
    assert_eq!(limit, Some((Remedy::WaitForReset, RESETS)));
    assert_eq!(of(Trouble::Crashed, &AgentKind::Gemini, PermissionMode::Ask), Some((Remedy::GoOn, 2)));
}

#[test]
fn waits_double_up_to_the_longest_and_their_second_half_is_chance() {
    let settings = RecoverySettings { attempts: 20, back_off_ms: 1_000, back_off_max_ms: 60_000 };
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..500 {
        for try_no in 1..=40 {
            let whole = (1_000_u64 << u64::from(try_no - 1).min(20)).min(60_000);
            let wait = back_off_ms(settings, try_no, seed);
            assert!((whole / 2..=whole).contains(&wait), "seed {seed} try {try_no}: {wait}");
            assert_eq!(wait, back_off_ms(settings, try_no, seed), "the seed is all of it");
        }
        seen.insert(back_off_ms(settings, 1, seed));
    }
    assert!(seen.len() > 200, "{} different waits", seen.len());
    let off = RecoverySettings { back_off_ms: 0, ..settings };
    assert_eq!(back_off_ms(off, 3, 7), 0);
}

#[test]
fn what_is_vague_is_told_by_its_signs() {
    let end = |outcome, class| TurnEnd::bare(outcome, class);
    let signs = |stalled, malformed| Signs { stalled, malformed };
    let table = [
        (end(Outcome::Completed, None), signs(false, true), None),
        (end(Outcome::Interrupted, None), signs(false, false), None),
        (end(Outcome::Vanished, None), signs(false, false), Some(Trouble::Crashed)),
        (end(Outcome::Vanished, None), signs(false, true), Some(Trouble::MalformedStream)),
        (end(Outcome::Failed, Some(FailureClass::Unknown)), signs(true, false), Some(Trouble::Stalled)),
        (
            end(Outcome::Failed, Some(FailureClass::Network)),
            signs(true, true),
            Some(Trouble::Failed(FailureClass::Network)),
        ),
        (
            end(Outcome::Failed, Some(FailureClass::Internal)),
            signs(false, true),
            Some(Trouble::MalformedStream),
        ),
    ];
    for (end, signs, expected) in table {
        assert_eq!(Trouble::of(&end, signs), expected, "{end:?} {signs:?}");
    }
}

#[test]
fn a_blocker_has_commands_that_can_be_copied() {
    let worker = WorkerName::new("codex-reviewer");
    for trouble in troubles() {
        let made = blocker(&worker, &AgentKind::Codex, Outcome::Failed, Some(trouble), "it said so", 2);
        assert!(made.title.contains(&trouble.word()) && made.title.contains("2 times"), "{}", made.title);
        assert_eq!(made.details, "it said so");
        assert!(made.required_actions.len() >= 2, "{made:?}");
        assert_eq!(made.required_actions.last().unwrap(), "orchestrate resume <session>");
    }
    let login = blocker(
        &worker,
        &AgentKind::Codex,
        Outcome::Failed,
        Some(Trouble::Failed(FailureClass::AuthExpired)),
        "",
        0,
    );
    assert_eq!(login.required_actions[0], "codex login");
    let end = TurnEnd {
        text: Some("ENOSPC: no space left on device".into()),
        ..TurnEnd::bare(Outcome::Failed, Some(FailureClass::Internal))
    };
    let full = Trouble::of(&end, Signs::default());
    assert_eq!(full, Some(Trouble::OutOfDisk));
    let full = blocker(&worker, &AgentKind::Codex, Outcome::Failed, full, "ENOSPC: no space left", 1);
    assert!(full.required_actions[0].starts_with("df -h"), "{full:?}");
}
