//! What an HTTP status of a model service means, the same for every service.

use mo_core::outcome::FailureClass::{
    self, AuthExpired, AuthInvalid, BadArguments, BudgetExhausted, ContextTooLong, ModelUnknown, Network,
    NotLoggedIn, Overloaded, RateLimited, RefusedByModel, UsageLimit,
};

use super::Meaning;

/// From, to, the class, and the finer classes that the text beside it may choose.
const STATUSES: [(u64, u64, FailureClass, &[FailureClass]); 14] = [
    // A bad request is many things: services answer 400 to a wrong key and to a prompt that is too long.
    (
        400,
        400,
        BadArguments,
        &[
            AuthInvalid,
            AuthExpired,
            NotLoggedIn,
            ContextTooLong,
            ModelUnknown,
            UsageLimit,
            RateLimited,
            RefusedByModel,
            BudgetExhausted,
        ],
    ),
    (401, 401, AuthInvalid, &[AuthExpired, NotLoggedIn]),
    (402, 402, UsageLimit, &[BudgetExhausted]),
    (403, 403, AuthInvalid, &[AuthExpired, NotLoggedIn, UsageLimit, ModelUnknown, RefusedByModel]),
    (404, 404, ModelUnknown, &[]),
    (407, 407, Network, &[]),
    (408, 408, Network, &[Overloaded]),
    (413, 413, ContextTooLong, &[]),
    (429, 429, RateLimited, &[UsageLimit, Overloaded]),
    (405, 499, BadArguments, &[ContextTooLong, ModelUnknown, RefusedByModel]),
    // Google answers 503 also where a quota is at its end.
    (500, 500, Overloaded, &[]),
    (503, 503, Overloaded, &[UsageLimit, RateLimited]),
    // A cloud's edge that cannot reach the service: still nothing that we could mend.
    (502, 504, Overloaded, &[]),
    (501, 599, Overloaded, &[]),
];

/// What a status means; `None` below 400 and above 599.
pub fn meaning(status: u64) -> Option<Meaning> {
    let row = STATUSES.iter().find(|row| (row.0..=row.1).contains(&status))?;
    Some(Meaning { class: row.2, finer: row.3 })
}
