//! Serving on the socket: who may connect, how many, and for how long one may keep us waiting.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use mo_engine::handle::EngineHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::error::ApiError;
use crate::owner::Owner;
use crate::paced::Paced;
use crate::place::{Folders, SocketFile, listen};
use crate::routes::router;
use crate::state::ApiState;

/// The most bytes of a request's head. Also what is written to a connection at once beyond one piece of a stream.
const HEAD_BYTES: usize = 16 * 1024;
/// The most headers of a request.
const HEADERS: usize = 64;
/// How long requests in flight may take when the server ends.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long telling somebody that they are refused may take.
const REFUSAL: Duration = Duration::from_secs(1);
/// How long to wait when the system has no room for a further connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// How much others may ask of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; further ones wait.
    pub connections: usize,
    /// Streams at a time; a further one is refused.
    pub streams: usize,
    /// How long the head of a request may take to come in, and a connection may idle.
    pub head_time: Duration,
    /// How long the body of a request may take to come in.
    pub body_time: Duration,
    /// How long a client may take nothing of what waits for it before it is dropped.
    pub stall_time: Duration,
    /// How long a stream may be silent before it says that it lives.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            streams: 64,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            stall_time: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
        }
    }
}

/// A server that runs until it is closed or dropped.
pub struct Server {
    engine: EngineHandle,
    socket: Arc<SocketFile>,
    end: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// Serves an engine on its data folder's socket, and says so in `owner.json`. Call it in a tokio runtime.
///
/// # Errors
/// When there is no place for the socket or it cannot be told.
pub async fn serve(engine: EngineHandle, folders: Folders, limits: Limits) -> Result<Server, ApiError> {
    // The handle holds the data folder's lock: a socket that stands there is nobody's.
    let (listener, socket) = listen(engine.data(), &folders)?;
    let socket = Arc::new(socket);
    describe(&engine, Some(socket.path())).await?;
    let (end, ending) = watch::channel(false);
    let state = ApiState {
        engine: engine.clone(),
        limits,
        streams: Arc::new(Semaphore::new(limits.streams)),
        comings_and_goings: Arc::new(Mutex::new(())),
        ending,
    };
    let accepting = tokio::spawn(accept(listener, state, Arc::clone(&socket)));
    Ok(Server { engine, socket, end, accepting })
}

impl Server {
    /// Where it listens.
    pub fn socket(&self) -> &Path {
        self.socket.path()
    }

    /// Ends it: streams end, what is being answered is answered, nobody else gets in, the socket is removed. The
    /// engine goes on.
    pub async fn close(self) {
        // The accepting task listens as long as it lives.
        let _ = self.end.send(true);
        if let Err(error) = self.accepting.await {
            tracing::error!(%error, "the server broke off");
        }
        if let Err(error) = describe(&self.engine, None).await {
            tracing::warn!(%error, "owner.json still names the socket");
        }
    }
}

/// Writes `owner.json`.
async fn describe(engine: &EngineHandle, socket: Option<&Path>) -> Result<(), ApiError> {
    let (engine, socket) = (engine.clone(), socket.map(Path::to_owned));
    let write = move || {
        let standing = engine.data().owner().ok().flatten();
        engine.describe_owner(&Owner::this_process(standing.as_deref(), socket).to_text())
    };
    tokio::task::spawn_blocking(write).await.unwrap_or(Err(mo_journal::JournalError::Closed))?;
    Ok(())
}

async fn accept(listener: UnixListener, state: ApiState, _socket: Arc<SocketFile>) {
    let mut ending = state.ending.clone();
    let router = router(state.clone());
    let room = Arc::new(Semaphore::new(state.limits.connections));
    let mut connections = JoinSet::new();
    let owner = rustix::process::geteuid().as_raw();
    loop {
        let next = async {
            // The semaphore is never closed.
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        tokio::select! {
            (permit, accepted) = next => match accepted {
                Ok((stream, _)) => {
                    let (router, state) = (router.clone(), state.clone());
                    connections.spawn(async move {
                        match stream.peer_cred() {
                            Ok(peer) if peer.uid() == owner => converse(stream, router, state).await,
                            _ => refuse(stream).await,
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(NO_ROOM).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = ended(&mut ending) => break,
        }
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, rest).await.is_err() {
        connections.shutdown().await;
    }
}

/// Answers the requests of one connection.
async fn converse(stream: UnixStream, router: axum::Router, state: ApiState) {
    let io = TokioIo::new(Paced::new(stream, state.limits.stall_time));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(state.limits.head_time)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(io, TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let mut ending = state.ending;
    let done = tokio::select! {
        done = connection.as_mut() => done,
        () = ended(&mut ending) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Waits until the server is closed or dropped.
pub(crate) async fn ended(ending: &mut watch::Receiver<bool>) {
    // An error: it was dropped.
    let _ = ending.wait_for(|ends| *ends).await;
}

/// The folder's mode keeps others out; this is for the day on which it does not.
async fn refuse(mut stream: UnixStream) {
    tracing::warn!("somebody else tried to connect to the socket");
    let body = r#"{"code":"not_yours","message":"this socket belongs to another user","hint":null}"#;
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // What is unread when we close would void the answer.
        tokio::io::copy(&mut (&mut stream).take(HEAD_BYTES as u64), &mut tokio::io::sink()).await
    };
    // Whoever it was may have gone.
    let _ = tokio::time::timeout(REFUSAL, answer).await;
}
