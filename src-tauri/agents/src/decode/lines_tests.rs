use proptest::prelude::*;

use super::lines::{Lines, MAX_LINE};
use crate::protocol::Line;

fn whole(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut lines = Lines::default();
    let mut take = |line: Line<'_>| match line {
        Line::Whole(line) => found.push(line.to_vec()),
        Line::TooLong { .. } => panic!("no line is too long here"),
    };
    for piece in pieces {
        lines.feed(piece, &mut take);
    }
    lines.finish(&mut take);
    found
}

#[test]
fn lines_end_at_newlines_and_at_the_end() {
    assert_eq!(whole(&[b"a\n\nb", b"c\n", b"d"]), [&b"a"[..], b"", b"bc", b"d"]);
    assert_eq!(whole(&[b""]), [] as [&[u8]; 0]);
    assert_eq!(whole(&[b"a\n"]), [b"a"]);
}

#[test]
fn a_line_over_the_limit_keeps_its_beginning_and_its_length() {
    let long = vec![b'x'; MAX_LINE + 1];
    for pieces in [vec![&long[..]], long.chunks(1 << 20).collect(), vec![&long[..10], &long[10..]]] {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut take = |line: Line<'_>| match line {
            Line::Whole(line) => found.push((line.len(), line.len() as u64)),
            Line::TooLong { excerpt, bytes } => found.push((excerpt.len(), bytes)),
        };
        for piece in pieces {
            lines.feed(piece, &mut take);
        }
        lines.feed(b"yz\nnext\n", &mut take);
        assert_eq!(found, [(4096, MAX_LINE as u64 + 3), (4, 4)]);
    }
}

proptest! {
    #[test]
    fn how_the_bytes_are_split_does_not_matter(
        text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
        size in 1usize..40,
    ) {
        let pieces: Vec<&[u8]> = text.chunks(size).collect();
        prop_assert_eq!(whole(&pieces), whole(&[&text]));
    }
}
