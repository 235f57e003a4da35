//! What an owner or its absence refuses, in the words of the window.

use mo_api::client::{AttachError, ClientError};

use crate::dto::Refusal;

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        let hint = error.hint().map(str::to_owned);
        Self { code: error.code().to_owned(), message: error.to_string(), hint }
    }
}

impl From<AttachError> for Refusal {
    fn from(error: AttachError) -> Self {
        let hint = error.hint().map(str::to_owned);
        Self { code: error.code().to_owned(), message: error.to_string(), hint }
    }
}
