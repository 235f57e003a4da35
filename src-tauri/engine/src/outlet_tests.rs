use std::task::Poll;

use super::*;

/// Polls once, without waiting.
async fn is_ready(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
    let mut future = Some(future);
    std::future::poll_fn(|context| {
        Poll::Ready(future.take().is_some_and(|future| future.poll(context).is_ready()))
    })
    .await
}

#[tokio::test]
async fn who_is_alone_in_a_turn_goes_on_with_a_read_on_its_way() {
    let crowd = Arc::<Crowd>::default();
    let pace = Pace::new(Arc::clone(&crowd));
    let turn = crowd.join();
    drop(crowd.join());
    let on_its_way = pace.credit().await;
    assert!(is_ready(std::pin::pin!(pace.give_way(Instant::now()))).await);
    drop((on_its_way, turn));
}

#[tokio::test]
async fn beside_others_it_waits_until_all_is_stored_and_as_long_again() {
    let crowd = Arc::<Crowd>::default();
    let pace = Pace::new(Arc::clone(&crowd));
    let _turns = (crowd.join(), crowd.join());
    let on_its_way = pace.credit().await;
    let began = Instant::now();
    let mut way = std::pin::pin!(pace.give_way(began));
    assert!(!is_ready(way.as_mut()).await, "it is not stored");
    while began.elapsed() < Duration::from_millis(3) {
        tokio::task::yield_now().await;
    }
    drop(on_its_way);
    let stored = began.elapsed();
    way.await;
    let pause = began.elapsed().saturating_sub(stored);
    assert!(pause >= stored.min(LONGEST_PAUSE), "{stored:?}, then {pause:?}");
}

#[tokio::test]
async fn a_slow_disk_costs_a_flood_no_more_than_a_bounded_pause() {
    let crowd = Arc::<Crowd>::default();
    let pace = Pace::new(Arc::clone(&crowd));
    let _turns = (crowd.join(), crowd.join());
    let began = Instant::now().checked_sub(Duration::from_mins(10)).unwrap();
    // As if it had taken ten minutes until it was stored.
    tokio::time::timeout(Duration::from_mins(1), pace.give_way(began)).await.unwrap();
}
