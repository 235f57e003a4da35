use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use super::{Request, Stage, Status, decode, encode};
use crate::exit::AgentExit;
use crate::identity::ProcessIdentity;
use crate::launch::LaunchCommand;

#[test]
fn a_launch_survives_the_way_to_the_shim() {
    let odd = OsString::from_vec(vec![0xff, b'\n', b' ', b'=']);
    let command = LaunchCommand::new("/bin/agent", "/work/a b")
        .args([OsString::from(""), odd.clone()])
        .env("KEY", "a=b")
        .env("EMPTY", "");
    let bytes = encode(command.program.as_os_str(), &command).unwrap();
    let expected = Request {
        program: "/bin/agent".into(),
        cwd: "/work/a b".into(),
        linger: Duration::from_millis(250),
        args: vec!["".into(), odd],
        env: vec![("KEY".into(), "a=b".into()), ("EMPTY".into(), "".into())],
    };
    assert_eq!(decode(&bytes), Some(expected));
    for cut in 0..bytes.len() {
        // No prefix may panic, and none that cuts a field passes for the whole.
        assert_ne!(decode(&bytes[..cut]), decode(&bytes));
    }
}

#[test]
fn what_cannot_be_passed_is_refused() {
    let with = |name: &str, value: &str, arg: &str| {
        let command = LaunchCommand::new("/bin/agent", "/").args([arg]).env(name, value);
        encode(command.program.as_os_str(), &command).map_err(|error| error.to_string())
    };
    assert!(with("A", "b", "c").is_ok());
    assert_eq!(
        with("A", "b\0", "c").unwrap_err(),
        "malformed launch: the value of a variable holds a NUL byte"
    );
    assert_eq!(with("A", "b", "\0").unwrap_err(), "malformed launch: an argument holds a NUL byte");
    assert!(with("A=B", "b", "c").is_err());
    assert!(with("", "b", "c").is_err());
}

#[test]
fn every_status_reads_as_it_was_written() {
    let process = |pid, start_time| ProcessIdentity { pid, start_time };
    let all = [
        Status::Started { agent: process(7, 900), shim: process(6, 899) },
        Status::Failed { stage: Stage::Shim, errno: 1 },
        Status::Failed { stage: Stage::Cwd, errno: 2 },
        Status::Failed { stage: Stage::Program, errno: 13 },
        Status::Exited(AgentExit { code: Some(0), signal: None }),
        Status::Exited(AgentExit { code: None, signal: Some(9) }),
        Status::Stuck,
        Status::Empty { peak_rss_kib: 1234, cpu_ms: 56 },
    ];
    for status in all {
        let line = status.to_string();
        let line = line.strip_suffix('\n').unwrap().as_bytes();
        assert_eq!(Status::parse(line), Some(status));
        assert_eq!(Status::parse(&line[..line.len() - 1]).filter(|other| *other == status), None);
        assert_eq!(Status::parse(&[line, b" 1"].concat()), None, "a word too many");
    }
}
