//! Before every turn that may write, the target as it is has a checkpoint.

use mo_core::event::{CheckpointPurpose, Event, Purpose};
use mo_core::settings::Settings;

use crate::stage::{Outcome, Stage, review, to_rest, trio};

/// For each turn that could write: what for, the number of the checkpoint before it, and whether it was taken for it.
fn saved(outcome: &Outcome) -> Vec<(Purpose, u32, bool)> {
    let (mut turns, mut asked, mut newest) = (Vec::new(), false, None);
    for envelope in &outcome.events {
        match &envelope.event {
            Event::CheckpointRequested { purpose, .. } => asked = *purpose == CheckpointPurpose::Turn,
            Event::CheckpointTaken(taken) if asked => newest = Some((taken.checkpoint, true)),
            Event::CheckpointUnchanged { same_as, .. } => newest = Some((*same_as, false)),
            Event::TurnRequested { purpose: Purpose::Plan | Purpose::Review { .. }, .. } => {}
            Event::TurnRequested { purpose, .. } => {
                let (number, taken) = newest.take().expect("a look at the target before the turn");
                turns.push((purpose.clone(), number, taken));
            }
            _ => {}
        }
    }
    turns
}

fn changed(outcome: &Outcome, number: u32) -> Vec<String> {
    let taken = outcome.events.iter().find_map(|e| match &e.event {
        Event::CheckpointTaken(taken) if taken.checkpoint == number => Some(taken),
        _ => None,
    });
    taken.expect("that checkpoint").changed.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_is_preceded_by_a_checkpoint_of_what_is_there() {
    let good = review("approved");
    let stage = Stage::new(&trio(&good, &good, &good));
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let outcome = to_rest(&engine, &id, 1).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    // Nothing was changed before it: 0 is the start, 1 that of the plan's review, and no number was skipped.
    let first = (Purpose::Implement, 1, false);
    assert_eq!(saved(&outcome), std::slice::from_ref(&first), "{}", outcome.story());
    assert_eq!(changed(&outcome, 2), ["greeting.txt"], "that of the work's reviews");
    engine.idle().await;
    // What a person changed meanwhile is saved before the next turn.
    std::fs::write(stage.path("target/mine.txt"), "mine\n").unwrap();
    engine.resume(&id, Some("Greet in French, too.".into())).await.unwrap();
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    assert_eq!(saved(&outcome), [first, (Purpose::Fix { fix_round: 1 }, 3, true)]);
    assert_eq!(changed(&outcome, 3), ["greeting.txt", "mine.txt"]);
    engine.idle().await;
    // Once more without a change of anybody's: what the reviews of the last round had is what is there.
    engine.resume(&id, Some("Look again.".into())).await.unwrap();
    let outcome = to_rest(&engine, &id, 3).await;
    let last = saved(&outcome).pop().unwrap();
    assert_eq!(last, (Purpose::Fix { fix_round: 2 }, 4, false), "{}", outcome.story());
    engine.idle().await;
}
