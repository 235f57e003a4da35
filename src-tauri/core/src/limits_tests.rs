use super::*;

fn reading(of: Limited, bytes: u64, limit_bytes: u64) -> LimitReading {
    LimitReading { of, bytes, limit_bytes }
}

fn memory() -> Limited {
    Limited::Memory { worker: WorkerName::new("claude-implementer") }
}

fn disk() -> Limited {
    Limited::Disk { folder: "/code/shop".to_owned() }
}

#[test]
fn nothing_is_near_until_it_is() {
    for (of, bytes, limit, stand) in [
        (memory(), 800, 1_000, Stand::Fine),
        (memory(), 801, 1_000, Stand::Near),
        (memory(), 1_000, 1_000, Stand::Near),
        (memory(), 1_001, 1_000, Stand::Past),
        (memory(), u64::MAX / 2, u64::MAX, Stand::Fine),
        (disk(), 2_000, 1_000, Stand::Fine),
        (disk(), 1_999, 1_000, Stand::Near),
        (disk(), 1_000, 1_000, Stand::Near),
        (disk(), 999, 1_000, Stand::Past),
        (disk(), u64::MAX - 1, u64::MAX, Stand::Past),
    ] {
        let reading = reading(of, bytes, limit);
        assert_eq!(reading.stand(), stand, "{reading:?}");
    }
    let none = Settings { memory_limit_bytes: 0, free_disk_limit_bytes: 0, ..Settings::default() };
    assert_eq!(LimitReading::new(memory(), u64::MAX, &none), None);
    assert_eq!(LimitReading::new(disk(), 0, &none), None);
}

#[test]
fn said_with_figures_that_a_person_reads() {
    for (bytes, text) in [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (1_990_000, "1.9 MB"),
        (12_340_000, "12 MB"),
        (2_000_000_000, "2 GB"),
        (u64::MAX, "18446744 TB"),
    ] {
        assert_eq!(size(bytes), text);
    }
    let words = reading(memory(), 2_300_000_000, 2_000_000_000).words();
    assert_eq!(words, "claude-implementer and what it started take 2.3 GB of memory; the limit is 2 GB");
    let words = reading(disk(), 400_000_000, 500_000_000).words();
    assert_eq!(words, "400 MB are left on the disk of /code/shop; 500 MB are to stay free");
}

#[test]
fn a_reading_is_read_back_as_it_was_written() {
    for of in [memory(), disk()] {
        let reading = reading(of, 7, 8);
        let text = serde_json::to_string(&reading).unwrap();
        assert_eq!(serde_json::from_str::<LimitReading>(&text).unwrap(), reading, "{text}");
    }
    let text = serde_json::to_string(&reading(memory(), 7, 8)).unwrap();
    assert_eq!(text, r#"{"of":"memory","worker":"claude-implementer","bytes":7,"limit_bytes":8}"#);
}
