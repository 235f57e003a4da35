//! A clock that goes as the system's, and is put forward by a test.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use mo_core::time::Timestamp;
use mo_engine::ports::{Clock, SystemClock};
use tokio::sync::watch;

/// The system's clock, some time ahead.
#[derive(Debug)]
pub struct Simulated(watch::Sender<i64>);

impl Simulated {
    /// A clock that is not ahead yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(0)))
    }

    /// Puts it forward; who waits for a time that is now past goes on.
    pub fn put_forward(&self, ms: i64) {
        self.0.send_modify(|ahead| *ahead += ms);
    }
}

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + *self.0.borrow())
    }

    fn until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut ahead = self.0.subscribe();
        Box::pin(async move {
            let over = |ahead: &i64| SystemClock.now().0 + ahead >= at.0;
            // Fails only without a sender, which this clock is.
            let _ = ahead.wait_for(over).await;
        })
    }
}
