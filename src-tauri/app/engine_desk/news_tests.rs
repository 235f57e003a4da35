use mo_engine::hub::Health;
use tokio::sync::{mpsc, oneshot, watch};

use super::watch_health;
use crate::desk::News;

#[tokio::test]
async fn an_engine_that_broke_off_is_the_last_trouble_told() {
    let ((health, watched), (news, mut told)) = (watch::channel(Health::Good), mpsc::channel(1));
    let (break_off, broken) = oneshot::channel();
    let watching = tokio::spawn(watch_health(watched, async move { broken.await.unwrap() }, news));
    let mut next = async || match told.recv().await {
        Some(News::Trouble(trouble)) => trouble,
        other => panic!("{other:?}"),
    };
    assert_eq!(next().await, None);
    health.send_replace(Health::JournalDown("the next event is number 3, not 1003".to_owned()));
    assert_eq!(next().await.unwrap().code, "journal_down");
    // It knows of both at once.
    health.send_replace(Health::JournalDown("again".to_owned()));
    break_off.send("the journal can never take it".to_owned()).unwrap();
    let mut trouble = next().await.unwrap();
    if trouble.code == "journal_down" {
        trouble = next().await.unwrap();
    }
    assert_eq!((trouble.code.as_str(), watching.await.unwrap()), ("engine_broken", ()));
    assert!(trouble.message.contains("the journal can never take it") && trouble.hint.is_some());
    health.send_replace(Health::Good);
    assert!(told.recv().await.is_none());
}
