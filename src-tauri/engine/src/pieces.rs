//! Pieces of one item that follow each other, joined before they are told: a fast agent writes hundreds to a read, and
//! one by one they would overrun the hub, so that a listener lost most of the text.

use mo_core::agent_event::DeltaOf;
use mo_core::ids::ItemId;

/// A piece of an item that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) item: ItemId,
    pub(crate) of: DeltaOf,
    pub(crate) text: String,
}

/// What is not told yet. Bounded by what is put in between two looks: one read of the agent's output.
#[derive(Debug, Default)]
pub(crate) struct Held(Option<Piece>);

impl Held {
    /// Joins a piece to the one before it. One of another item comes back: it is to be told first.
    pub(crate) fn add(&mut self, next: Piece) -> Option<Piece> {
        match &mut self.0 {
            Some(held) if held.of == next.of && held.item == next.item => {
                held.text.push_str(&next.text);
                None
            }
            other => other.replace(next),
        }
    }

    /// What is left to be told, before anything else is.
    pub(crate) fn take(&mut self) -> Option<Piece> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(item: &str, of: DeltaOf, text: &str) -> Piece {
        Piece { item: ItemId::new(item), of, text: text.to_owned() }
    }

    #[test]
    fn neighbours_of_one_item_are_joined_and_the_order_stays() {
        use DeltaOf::{Message, Thought};
        let mut held = Held::default();
        let mut told = Vec::new();
        for (item, of, text) in [
            ("a", Message, "1"),
            ("a", Message, "2"),
            ("a", Thought, "3"),
            ("a", Thought, "4"),
            ("b", Thought, "5"),
            ("a", Message, "6"),
        ] {
            told.extend(held.add(piece(item, of, text)));
        }
        told.extend(held.take());
        let expected = [("a", Message, "12"), ("a", Thought, "34"), ("b", Thought, "5"), ("a", Message, "6")];
        assert_eq!(told, expected.map(|(item, of, text)| piece(item, of, text)));
        assert_eq!(held.take(), None);
    }
}
