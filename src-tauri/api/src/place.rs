//! Where the socket is, and that nobody else can reach it.
//!
//! A file 0600 in a folder 0700: of the data folder where the path is short enough for a socket address, else of the
//! runtime folder or the temp folder. The path depends on the data folder alone, so that the next owner finds and
//! removes what a killed one left.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use mo_journal::DataDir;
use sha2::{Digest, Sha256};
use tokio::net::UnixListener;

use crate::error::ApiError;

/// The longest path of a socket in bytes. Systems allow 103 to 107.
const MAX_PATH: usize = 100;

/// The folders that may hold the socket where the data folder's path is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// `XDG_RUNTIME_DIR`, if it is set to an absolute path.
    pub runtime: Option<PathBuf>,
    /// The temp folder.
    pub temp: PathBuf,
}

impl Folders {
    /// Those of our environment.
    pub fn of_this_process() -> Self {
        let runtime =
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        Self { runtime, temp: std::env::temp_dir() }
    }
}

/// The socket's file; removed when this is dropped.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl SocketFile {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(socket = %self.0.display(), %error, "the socket could not be removed");
        }
    }
}

/// Listens. Only the owner of the data folder may call this: a socket that stands there is taken for left over.
pub(crate) fn listen(data: &DataDir, folders: &Folders) -> Result<(UnixListener, SocketFile), ApiError> {
    let path = socket_path(data, folders)?;
    let failed = |error| ApiError::Socket { path: path.clone(), error };
    match fs::symlink_metadata(&path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(&path).map_err(failed)?,
        Ok(_) => return Err(ApiError::InTheWay { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let listener = UnixListener::bind(&path).map_err(failed)?;
    let file = SocketFile(path.clone());
    fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
    Ok((listener, file))
}

/// The first path that is short enough, in a folder that is private.
fn socket_path(data: &DataDir, folders: &Folders) -> Result<PathBuf, ApiError> {
    let own = data.run().join("api.sock");
    if fits(&own) {
        make_private(&data.run())?;
        return Ok(own);
    }
    let user = rustix::process::geteuid().as_raw();
    let name = format!("{}.sock", short_name(data.path()));
    let runtime = folders.runtime.as_ref().map(|folder| folder.join("meta-orchestrator"));
    let temp = folders.temp.join(format!("meta-orchestrator-{user}"));
    let mut why = ApiError::NoShortPath { path: own };
    for folder in runtime.into_iter().chain([temp]) {
        let path = folder.join(&name);
        if !fits(&path) {
            continue;
        }
        match make_private(&folder) {
            Ok(()) => return Ok(path),
            Err(error) => why = error,
        }
    }
    Err(why)
}

fn fits(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() <= MAX_PATH
}

/// The same for the same data folder, and of no other.
fn short_name(data: &Path) -> String {
    let real = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let digest = Sha256::digest(real.as_os_str().as_bytes());
    digest.iter().take(12).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Makes the folder 0700, or makes sure that one that stands is ours alone: in a temp folder anybody could have made
/// it before.
fn make_private(folder: &Path) -> Result<(), ApiError> {
    let failed = |error| ApiError::Socket { path: folder.to_owned(), error };
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let found = fs::symlink_metadata(folder).map_err(failed)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(ApiError::ForeignFolder { folder: folder.to_owned() });
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
