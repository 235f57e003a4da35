//! Reviews: what a reviewer answers, how an answer becomes a verdict, and the decision that verdicts lead to
//! (design.md §6).

pub mod answer;
#[cfg(test)]
mod answer_tests;
pub mod check;
pub mod decision;
#[cfg(test)]
mod decision_tests;
pub mod receipt;
pub mod verdict;
