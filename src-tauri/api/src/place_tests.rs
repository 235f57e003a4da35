use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let room = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(room.path("temp")).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A data folder whose own socket's path would be too long.
    fn far(&self, name: &str) -> DataDir {
        DataDir::create(self.path(&"long".repeat(20)).join(name)).unwrap()
    }

    fn folders(&self) -> Folders {
        Folders { runtime: None, temp: self.path("temp") }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_socket_is_private_in_the_data_folder_and_goes_with_its_owner() {
    let room = Room::new();
    let data = DataDir::create(room.path("data")).unwrap();
    fs::set_permissions(data.run(), fs::Permissions::from_mode(0o755)).unwrap();
    let (_listener, file) = listen(&data, &room.folders()).unwrap();
    assert_eq!(file.path(), data.run().join("api.sock"));
    assert_eq!((mode(file.path()), mode(&data.run())), (0o600, 0o700));
    let path = file.path().to_owned();
    drop(file);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_long_path_goes_to_the_runtime_folder_else_to_the_temp_folder() {
    let room = Room::new();
    let (one, two) = (room.far("one"), room.far("two"));
    let (_listener, file) = listen(&one, &room.folders()).unwrap();
    let folder = file.path().parent().unwrap().to_owned();
    assert_eq!(folder.parent(), Some(room.path("temp").as_path()));
    assert_eq!((mode(file.path()), mode(&folder)), (0o600, 0o700));
    tokio::net::UnixStream::connect(file.path()).await.unwrap();

    fs::create_dir(room.path("runtime")).unwrap();
    let folders = Folders { runtime: Some(room.path("runtime")), ..room.folders() };
    let (_listener, in_runtime) = listen(&one, &folders).unwrap();
    assert!(in_runtime.path().starts_with(room.path("runtime")));
    assert!(in_runtime.path().as_os_str().len() <= MAX_PATH);
    let (_listener, other) = listen(&two, &folders).unwrap();
    assert_ne!(in_runtime.path(), other.path(), "each data folder has its own");

    let gone = Folders { runtime: Some(room.path("gone")), ..room.folders() };
    let (_listener, file) = listen(&one, &gone).unwrap();
    assert!(file.path().starts_with(room.path("temp")), "a runtime folder that is not there is passed over");
}

#[tokio::test]
async fn a_socket_that_was_left_over_is_replaced_and_anything_else_is_not() {
    let room = Room::new();
    for data in [DataDir::create(room.path("data")).unwrap(), room.far("one")] {
        let (listener, file) = listen(&data, &room.folders()).unwrap();
        let path = file.path().to_owned();
        // As after a kill: nobody listens, the file stays.
        drop(listener);
        std::mem::forget(file);
        assert!(tokio::net::UnixStream::connect(&path).await.is_err());
        let (_listener, file) = listen(&data, &room.folders()).unwrap();
        assert_eq!(file.path(), path, "the next owner finds it again");
        tokio::net::UnixStream::connect(&path).await.unwrap();
        drop(file);

        for made in [
            |path: &Path| fs::write(path, "mine").unwrap(),
            |path: &Path| symlink("/dev/null", path).unwrap(),
        ] {
            made(&path);
            let error = listen(&data, &room.folders()).unwrap_err();
            assert_eq!(error.code(), "socket_in_the_way");
            assert!(path.symlink_metadata().is_ok(), "it is still there");
            fs::remove_file(&path).unwrap();
        }
    }
}

#[tokio::test]
async fn a_folder_that_somebody_else_prepared_is_not_used() {
    let room = Room::new();
    let data = room.far("one");
    let (_listener, file) = listen(&data, &room.folders()).unwrap();
    let folder = file.path().parent().unwrap().to_owned();
    drop(file);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let (_listener, file) = listen(&data, &room.folders()).unwrap();
    assert_eq!(mode(&folder), 0o700, "our own is made private");
    drop(file);
    fs::remove_dir(&folder).unwrap();

    fs::create_dir(room.path("elsewhere")).unwrap();
    symlink(room.path("elsewhere"), &folder).unwrap();
    assert_eq!(listen(&data, &room.folders()).unwrap_err().code(), "socket_folder_foreign");
    fs::remove_file(&folder).unwrap();
    if rustix::process::geteuid().is_root() {
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::chown(&folder, Some(65_534), None).unwrap();
        assert_eq!(listen(&data, &room.folders()).unwrap_err().code(), "socket_folder_foreign");
    }
    let nowhere = Folders { runtime: None, temp: room.path(&"t".repeat(100)) };
    assert_eq!(listen(&data, &nowhere).unwrap_err().code(), "socket_path_too_long");
}
