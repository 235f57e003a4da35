use super::*;
use crate::decide::decide;
use crate::event::{Envelope, SessionCreated, StopCause};
use crate::ids::{SessionId, WorkerName};
use crate::input::Input;
use crate::settings::Settings;
use crate::team::Team;
use crate::time::Timestamp;
use crate::view::session_view;

const GB: u64 = 1_000_000_000;

fn created(settings: Settings) -> State {
    let mut state = State::default();
    let created = SessionCreated {
        goal: "x".to_owned(),
        target: "/t".to_owned(),
        team: Team::default_trio(),
        settings,
        warnings: Vec::new(),
    };
    step(&mut state, Input::Create(created)).unwrap();
    state
}

fn limited() -> State {
    created(Settings { memory_limit_bytes: 2 * GB, free_disk_limit_bytes: GB, ..Settings::default() })
}

fn step(state: &mut State, input: Input) -> Result<Vec<Envelope>, Rejection> {
    let out = decide(state, input, Timestamp(1_000))?;
    for envelope in &out {
        state.apply(envelope);
    }
    Ok(out)
}

fn look(claude: u64, codex: u64, free: u64) -> Input {
    let worker = |name: &str| WorkerName::new(name);
    Input::Measured(Measured {
        memory: vec![(worker("claude-implementer"), claude), (worker("codex-reviewer"), codex)],
        free: vec![("/t".to_owned(), free), ("/data".to_owned(), 50 * GB)],
    })
}

fn kinds(out: &[Envelope]) -> Vec<&'static str> {
    out.iter().map(|envelope| envelope.event.kind()).collect()
}

#[test]
fn first_a_warning_then_a_pause() {
    let mut state = limited();
    assert_eq!(step(&mut state, look(GB, GB, 9 * GB)), Err(Rejection::Stale), "nothing is near");
    // Past it at once: a moment of it is no reason to stop.
    let out = step(&mut state, look(3 * GB, GB, 9 * GB)).unwrap();
    assert_eq!(kinds(&out), ["limit_near"]);
    assert_eq!(out[0].worker, Some(WorkerName::new("claude-implementer")));
    assert_eq!(state.warnings.len(), 1);
    assert_eq!(step(&mut state, look(19 * GB / 10, GB, 9 * GB)), Err(Rejection::Stale), "said once");
    let out = step(&mut state, look(3 * GB, GB, 9 * GB)).unwrap();
    assert_eq!(kinds(&out)[..3], ["limit_reached", "stop_requested", "session_ending"]);
    assert_eq!(state.stop, Some(StopCause::MemoryLimit));
    let ending = state.ending.as_ref().unwrap();
    assert_eq!((ending.state, ending.exit_code), (RestState::Paused, 11));
    assert!(
        ending.reason.starts_with("claude-implementer and what it started take 3 GB"),
        "{}",
        ending.reason
    );
    let view = session_view(&SessionId::new("s"), &state).unwrap();
    let [need] = &view.needs_you[..] else { panic!("{:?}", view.needs_you) };
    assert_eq!((need.kind.as_str(), &need.details), ("limit", &ending.reason));
    assert_eq!(step(&mut state, look(9 * GB, 9 * GB, 0)), Err(Rejection::Stale), "it ends already");
}

#[test]
fn each_limit_is_its_own() {
    let mut state = limited();
    let out = step(&mut state, look(3 * GB, 17 * GB / 10, 3 * GB / 2)).unwrap();
    assert_eq!(kinds(&out), ["limit_near", "limit_near", "limit_near"]);
    let out = step(&mut state, look(GB, GB, GB / 2)).unwrap();
    assert_eq!(kinds(&out)[0], "limit_reached");
    assert_eq!((state.stop, out[0].worker.as_ref()), (Some(StopCause::DiskLimit), None));
    let reason = &state.ending.as_ref().unwrap().reason;
    assert_eq!(reason, "500 MB are left on the disk of /t; 1 GB are to stay free");
}

#[test]
fn no_limit_no_word_and_a_resumed_session_is_warned_anew() {
    let mut free = created(Settings { free_disk_limit_bytes: 0, ..Settings::default() });
    assert_eq!(step(&mut free, look(u64::MAX, u64::MAX, 0)), Err(Rejection::Stale));
    let mut state = limited();
    step(&mut state, look(3 * GB, 0, 9 * GB)).unwrap();
    let resumed = Event::SessionResumed { message: None, waits_for_person: None };
    let (seq, at) = (state.last_seq + 1, Timestamp(2_000));
    state.apply(&Envelope { seq, at, worker: None, event: resumed });
    assert_eq!(kinds(&step(&mut state, look(3 * GB, 0, 9 * GB)).unwrap()), ["limit_near"]);
}
