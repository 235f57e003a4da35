use proptest::prelude::*;

use super::decision::{CheckResult, Decision, Fired, PairVerdict, decide_review};
use super::verdict::Verdict::{self, Approved, Blocker, Concern, Inconclusive};
use crate::ids::WorkerName;
use crate::team::Pair;

fn pair(n: usize) -> Pair {
    Pair { reviewer: WorkerName::new(format!("codex-{n}")), subject: WorkerName::new("claude-implementer") }
}

fn decide(verdicts: &[Option<Verdict>], checks: &[bool]) -> (Decision, Fired) {
    let expected: Vec<Pair> = (0..verdicts.len()).map(pair).collect();
    let given: Vec<PairVerdict> = verdicts
        .iter()
        .enumerate()
        .filter_map(|(n, verdict)| verdict.map(|verdict| PairVerdict { pair: pair(n), verdict }))
        .collect();
    let checks: Vec<CheckResult> =
        checks.iter().map(|&passed| CheckResult { command: "test".into(), passed }).collect();
    let decided = decide_review(&expected, &given, &checks);
    (decided.decision, decided.fired)
}

#[test]
#[allow(clippy::type_complexity)]
fn the_rule_as_a_table() {
    use Decision::{Continue, LogWarning, PauseAndClarify, StopAndEscalate};
    let some = |v: &[Verdict]| v.iter().copied().map(Some).collect::<Vec<_>>();
    let table: Vec<(Vec<Option<Verdict>>, &[bool], Decision, Fired)> = vec![
        (vec![], &[], PauseAndClarify, Fired::NoReviews),
        (some(&[Approved, Approved, Approved]), &[], Continue, Fired::AllApproved),
        (some(&[Approved, Approved, Approved]), &[true], Continue, Fired::AllApproved),
        (some(&[Approved, Approved, Approved]), &[true, false], PauseAndClarify, Fired::FailedCheck),
        (some(&[Approved, Concern, Approved]), &[], LogWarning, Fired::OneConcern),
        (some(&[Concern, Concern, Approved]), &[], PauseAndClarify, Fired::TwoConcerns),
        (some(&[Concern, Inconclusive]), &[], PauseAndClarify, Fired::Inconclusive),
        (some(&[Approved, Inconclusive]), &[], PauseAndClarify, Fired::Inconclusive),
        (vec![Some(Approved), None], &[], PauseAndClarify, Fired::Inconclusive),
        (some(&[Blocker, Approved]), &[], StopAndEscalate, Fired::AnyBlocker),
        (some(&[Blocker, Concern, Concern]), &[false], StopAndEscalate, Fired::AnyBlocker),
    ];
    for (verdicts, checks, decision, fired) in table {
        assert_eq!(decide(&verdicts, checks), (decision, fired), "{verdicts:?} {checks:?}");
    }
}

#[test]
fn an_unexpected_verdict_counts_against_but_never_for() {
    let stranger = |verdict| vec![PairVerdict { pair: pair(9), verdict }];
    assert_eq!(decide_review(&[], &stranger(Approved), &[]).decision, Decision::PauseAndClarify);
    let mut both = stranger(Blocker);
    both.push(PairVerdict { pair: pair(0), verdict: Approved });
    assert_eq!(decide_review(&[pair(0)], &both, &[]).decision, Decision::StopAndEscalate);
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Approved), Just(Concern), Just(Inconclusive), Just(Blocker)]
}

proptest! {
    #[test]
    fn order_does_not_matter(given in prop::collection::vec((0_usize..5, any_verdict()), 0..8), seed in 0_usize..1000) {
        let expected: Vec<Pair> = (0..4).map(pair).collect();
        let verdicts: Vec<PairVerdict> =
            given.iter().map(|&(n, verdict)| PairVerdict { pair: pair(n), verdict }).collect();
        let mut turned = verdicts.clone();
        if !turned.is_empty() {
            let by = seed % turned.len();
            turned.rotate_left(by);
            turned.reverse();
        }
        let mut other = expected.clone();
        other.reverse();
        prop_assert_eq!(decide_review(&expected, &verdicts, &[]), decide_review(&other, &turned, &[]));
    }

    #[test]
    fn a_worse_verdict_never_improves_the_decision(
        verdicts in prop::collection::vec(prop::option::of(any_verdict()), 1..6),
        at in 0_usize..6,
        worse in any_verdict(),
    ) {
        let at = at % verdicts.len();
        let mut changed = verdicts.clone();
        let before = verdicts[at].unwrap_or(Inconclusive);
        prop_assume!(worse >= before);
        changed[at] = Some(worse);
        prop_assert!(decide(&changed, &[]).0 >= decide(&verdicts, &[]).0);
    }

    #[test]
    fn another_verdict_never_improves_the_decision(
        verdicts in prop::collection::vec((0_usize..4, any_verdict()), 0..6),
        extra in (0_usize..6, any_verdict()),
    ) {
        let expected: Vec<Pair> = (0..4).map(pair).collect();
        let mut given: Vec<PairVerdict> =
            verdicts.iter().map(|&(n, verdict)| PairVerdict { pair: pair(n), verdict }).collect();
        // Only where the pair has spoken already: its first word replaces "missing".
        prop_assume!(given.iter().any(|v| v.pair == pair(extra.0)) || extra.0 >= 4);
        let before = decide_review(&expected, &given, &[]).decision;
        given.push(PairVerdict { pair: pair(extra.0), verdict: extra.1 });
        prop_assert!(decide_review(&expected, &given, &[]).decision >= before);
    }

    #[test]
    fn continue_means_that_all_approved(
        verdicts in prop::collection::vec(prop::option::of(any_verdict()), 0..6),
        checks in prop::collection::vec(any::<bool>(), 0..3),
    ) {
        let (decision, _) = decide(&verdicts, &checks);
        let all = !verdicts.is_empty() && verdicts.iter().all(|v| *v == Some(Approved)) && checks.iter().all(|c| *c);
        prop_assert_eq!(decision == Decision::Continue, all);
    }

    #[test]
    fn a_check_counts_against_but_never_for(
        verdicts in prop::collection::vec(prop::option::of(any_verdict()), 0..6),
        checks in prop::collection::vec(any::<bool>(), 0..3),
        at in 0_usize..4,
    ) {
        let before = decide(&verdicts, &checks);
        let with = |passed| {
            let mut more = checks.clone();
            more.insert(at.min(checks.len()), passed);
            decide(&verdicts, &more)
        };
        prop_assert_eq!(with(true), before);
        prop_assert!(with(false).0 >= before.0.max(Decision::PauseAndClarify));
    }
}
