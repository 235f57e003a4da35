//! Reading a line comes to its end, whatever the line is: the parser is not ours, and has had lines with which it did not.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mo_core::policy::shell::read;

use crate::grammar::Dice;

/// What lines are made of.
const SETS: [&str; 3] = [
    "<< <<- <<E E 'E' \"E\" \n \n $( ) ( # ; | & > < ` ' \" \\ a cat ${ } $(( )) [[ ]] { } \t $' ! = * ~ E\n <<< '' \"\" \
     >& && @( ? + [ ] in if then fi",
    "ls cat a ' \" \\ $ ` ( ) { } < > ; & \n # ! * [ ] = ~ $( ${ $' <<E E [[ ]] if then fi case in esac && <( (( )) , \
     @( !( +( ?(",
    "$( ) ( # ' \" \\ ` \n ; a [[ ]] (( )) ${ } case in esac ;; <<E E && || { } @( =( a=( a[ ]",
];
/// Lines between two signs of life, and how long they may take on the busiest machine. Each takes a fraction of a
/// millisecond.
const BATCH: u32 = 1_000;
const PATIENCE: Duration = Duration::from_mins(1);

fn line(dice: &mut Dice) -> String {
    let set = SETS[dice.roll(SETS.len())];
    let parts: Vec<&str> = set.split(' ').chain([" ", " ", "||"]).collect();
    let glue = if dice.one_in(2) { " " } else { "" };
    let most = if dice.one_in(4) { 60 } else { 14 };
    let parts: Vec<&str> = (0..2 + dice.roll(most)).map(|_| dice.of(&parts)).collect();
    parts.join(glue)
}

#[test]
fn every_line_is_read_to_an_end() {
    let seed = crate::number("MO_POLICY_SEED").unwrap_or(0x0E4D);
    let batches = if std::env::var_os("MO_LONG").is_some() { 1_000 } else { 20 };
    let now = Arc::new(Mutex::new(String::new()));
    let (alive, signs) = channel();
    let reading = Arc::clone(&now);
    std::thread::spawn(move || {
        let mut dice = Dice(seed);
        for batch in 0..batches {
            for _ in 0..BATCH {
                let line = line(&mut dice);
                reading.lock().unwrap().clone_from(&line);
                let _ = read(&line, "/home/x");
            }
            alive.send(batch).unwrap();
        }
    });
    let mut read = 0;
    loop {
        match signs.recv_timeout(PATIENCE) {
            Ok(_) => read += 1,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                panic!("seed {seed}: no end with {:?}", now.lock().unwrap());
            }
        }
    }
    assert_eq!(read, batches, "seed {seed}: the reader broke on {:?}", now.lock().unwrap());
}
