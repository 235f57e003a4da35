//! Small changes to bytes, from a seed.

/// The seed of this run; a failing test shows it.
#[allow(clippy::print_stdout, reason = "seen only where a test fails")]
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("MO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x6d6f_2d61);
    println!("MO_SEED={seed}");
    seed
}

/// SplitMix64: small, and good enough to pick places.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % end as u64).unwrap()
    }
}

/// One change at one byte.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// One bit of it is another.
    Flip(u8),
    /// A quote stands before it.
    Quote,
    /// A newline stands before it.
    Newline,
}

impl Change {
    /// The three changes at a place; which bit is flipped goes through all eight from place to place.
    pub(crate) fn at(place: usize) -> [Self; 3] {
        let bit = u8::try_from(place % 8).unwrap();
        [Self::Flip(bit), Self::Quote, Self::Newline]
    }

    pub(crate) fn make(self, text: &[u8], place: usize) -> Vec<u8> {
        let mut text = text.to_vec();
        match self {
            Self::Flip(bit) => text[place] ^= 1 << bit,
            Self::Quote => text.insert(place, b'"'),
            Self::Newline => text.insert(place, b'\n'),
        }
        text
    }
}

/// A few changes of any kind: what a fuzzer would do.
pub(crate) fn havoc(text: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=dice.below(6) {
        let place = dice.below(text.len() + 1);
        match dice.below(9) {
            0 if place < text.len() => text[place] ^= 1 << dice.below(8),
            1 => text.insert(place, *pick(b"\"\n\\{}[],:\0\xff0e-", dice)),
            2 => text.truncate(place),
            3 if place < text.len() => {
                text.remove(place);
            }
            4 => {
                let until = place + dice.below(text.len() - place + 1);
                let piece = text[place..until].to_vec();
                text.splice(place..place, piece);
            }
            5 => {
                let from = dice.below(other.len() + 1);
                let until = from + dice.below(other.len() - from + 1);
                text.splice(place..place, other[from..until].iter().copied());
            }
            6 => {
                let words: [&[u8]; 8] =
                    [b"null", b"true", b"[]", b"{}", b"1e400", b"-1", b"99999999999999999999", b"\"\""];
                let word = words[dice.below(words.len())];
                text.splice(place..place, word.iter().copied());
            }
            7 => swap_lines(&mut text, dice),
            _ => text.extend_from_slice(other),
        }
    }
    text
}

fn pick<'a>(from: &'a [u8], dice: &mut Dice) -> &'a u8 {
    &from[dice.below(from.len())]
}

fn swap_lines(text: &mut Vec<u8>, dice: &mut Dice) {
    let mut lines: Vec<Vec<u8>> = text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
    lines.swap(a, b);
    *text = lines.join(&b'\n');
}
