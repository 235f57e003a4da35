use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::bus::{Page, pump};
use crate::desk::News;
use crate::dto::Batch;
use crate::outbox_tests::update;

struct Rig {
    news: mpsc::Sender<News>,
    page: Page,
    sent: mpsc::UnboundedReceiver<(Instant, Batch)>,
}

/// A pump on a paused clock: it moves on only when nothing else can.
fn rig() -> Rig {
    let (news, feed) = mpsc::channel(64);
    let (page, progress) = Page::new();
    let (out, sent) = mpsc::unbounded_channel();
    tokio::spawn(pump(feed, progress, move |batch| {
        let _ = out.send((Instant::now(), batch.clone()));
    }));
    Rig { news, page, sent }
}

impl Rig {
    async fn batch(&mut self) -> Batch {
        self.sent.recv().await.expect("the pump runs").1
    }

    /// Nothing is sent for a second of the paused clock.
    async fn silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_secs(1), self.sent.recv()).await.is_err()
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_a_page_attaches_and_nothing_of_before_after_it() {
    let mut rig = rig();
    rig.news.send(update("a", 1)).await.unwrap();
    assert!(rig.silent().await);
    let epoch = rig.page.attach();
    assert!(rig.silent().await, "what was before comes with the status");
    rig.news.send(update("a", 2)).await.unwrap();
    let batch = rig.batch().await;
    assert_eq!((batch.epoch, batch.number, batch.sessions[0].view.seq), (epoch, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_next_batch_waits_for_the_acknowledgement_and_holds_everything_of_meanwhile() {
    let mut rig = rig();
    let epoch = rig.page.attach();
    rig.news.send(update("a", 1)).await.unwrap();
    assert_eq!(rig.batch().await.number, 1);
    for seq in 2..=5 {
        rig.news.send(update("a", seq)).await.unwrap();
    }
    assert!(rig.silent().await, "one batch is under way");
    rig.page.ack(epoch + 1, 1);
    assert!(rig.silent().await, "the acknowledgement of another page does not count");
    rig.page.ack(epoch, 1);
    let batch = rig.batch().await;
    assert_eq!((batch.number, batch.sessions[0].entries.len()), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn at_most_one_batch_a_frame() {
    let mut rig = rig();
    let epoch = rig.page.attach();
    let mut times = Vec::new();
    for seq in 1..=10 {
        rig.news.send(update("a", seq)).await.unwrap();
        let (at, batch) = rig.sent.recv().await.unwrap();
        rig.page.ack(epoch, batch.number);
        times.push(at);
    }
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(16), "{:?}", pair[1] - pair[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_attaches_again_gets_batches_from_one_and_needs_no_old_acknowledgement() {
    let mut rig = rig();
    rig.page.attach();
    rig.news.send(update("a", 1)).await.unwrap();
    rig.batch().await;
    let epoch = rig.page.attach();
    rig.news.send(update("a", 2)).await.unwrap();
    let batch = rig.batch().await;
    assert_eq!((batch.epoch, batch.number), (epoch, 1));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_engine_is_said_once_to_each_page() {
    let Rig { news, page, mut sent } = rig();
    let epoch = page.attach();
    drop(news);
    let (_, batch) = sent.recv().await.unwrap();
    assert!(batch.ended && batch.sessions.is_empty());
    page.ack(epoch, batch.number);
    assert!(tokio::time::timeout(Duration::from_secs(1), sent.recv()).await.is_err());
    page.attach();
    assert!(sent.recv().await.unwrap().1.ended, "a page that comes later hears it too");
}
