//! The news on their way to the page: what calls for a person is told to the desktop on the way.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::attention::{Attention, Call, Standing};
use crate::desk::{Desk, News};

/// What the desktop is told.
pub struct Told {
    /// What to call a person for, and what no longer.
    pub calls: mpsc::UnboundedSender<Call>,
    /// How things stand over all sessions.
    pub standing: watch::Sender<Standing>,
}

/// Passes news on until the desk ends or nobody takes them. What stands when this begins calls nobody.
pub async fn attend(desk: Arc<dyn Desk>, told: Told, page: mpsc::Sender<News>) {
    let mut news = desk.news();
    let mut attention = Attention::default();
    match desk.status().await {
        Ok(status) => status.sessions.iter().for_each(|view| attention.know(view)),
        Err(refusal) => tracing::warn!(code = refusal.code, "what waits is not known: {refusal}"),
    }
    told.standing.send_replace(attention.standing());
    while let Some(one) = news.recv().await {
        let calls = match &one {
            News::Session(update) => attention.hear(&update.view),
            News::Deleted => match desk.status().await {
                Ok(status) => attention.keep(&status.sessions.iter().map(|view| view.id.as_str()).collect()),
                Err(refusal) => {
                    tracing::warn!(code = refusal.code, "what is left is not known: {refusal}");
                    Vec::new()
                }
            },
            News::Resources(_) | News::Trouble(_) => Vec::new(),
        };
        let wanted = desk.notifications();
        for call in calls.into_iter().filter(|call| call.is_wanted(wanted)) {
            // Without somebody who calls, the page still shows what waits.
            let _ = told.calls.send(call);
        }
        let standing = attention.standing();
        told.standing.send_if_modified(|last| {
            let turned = *last != standing;
            *last = standing;
            turned
        });
        if page.send(one).await.is_err() {
            return;
        }
    }
}
