//! What the tests of this crate share: a target and a store in a temporary folder, random trees, and
//! an independent description of what a folder holds.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::*;

pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    pub(crate) points: FolderCheckpoints,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    /// In memory where that can be: waiting for a disk proves nothing more here.
    pub(crate) fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Self::within(folder, settings)
    }

    pub(crate) fn on_disk() -> Self {
        Self::within(tempfile::tempdir().unwrap(), Settings::default())
    }

    fn within(folder: tempfile::TempDir, settings: Settings) -> Self {
        fs::create_dir(folder.path().join("target")).unwrap();
        let points = FolderCheckpoints::open(folder.path().join("store"), settings).unwrap();
        Self { folder, points }
    }

    /// A path beside target and store.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.path("target")
    }

    pub(crate) fn take(&self) -> Taken {
        self.points.take(&self.target(), &CancelFlag::new()).unwrap()
    }

    pub(crate) fn restore(&self, digest: &Digest) -> RestoreReport {
        self.points.restore(digest, &self.target(), None, &CancelFlag::new()).unwrap()
    }

    /// The same store, seen from inside.
    pub(crate) fn points_store(&self) -> crate::store::Store {
        crate::store::Store::open(self.path("store")).unwrap()
    }

    /// Writes a file of the target, with the folders above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.target().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.target().join(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.target().join(path)).unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        open_up(self.folder.path());
    }
}

/// Gives back the bits without which a temporary folder cannot be deleted.
pub(crate) fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            open_up(&entry.path());
        }
    }
}

pub(crate) fn rel(path: &str) -> RelPath {
    RelPath::from_bytes(path.as_bytes()).unwrap()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs as an unprivileged user, in a thread of its own; says so and does nothing where that cannot be.
pub(crate) fn as_nobody(work: impl FnOnce() + Send) {
    if !is_root() {
        return work();
    }
    std::thread::scope(|scope| {
        let done = scope.spawn(|| {
            let (uid, gid) = (rustix::process::Uid::from_raw(65534), rustix::process::Gid::from_raw(65534));
            let changed = rustix::thread::set_thread_groups(&[])
                .and_then(|()| rustix::thread::set_thread_res_gid(gid, gid, gid))
                .and_then(|()| rustix::thread::set_thread_res_uid(uid, uid, uid));
            match changed {
                Ok(()) => work(),
                Err(e) => println!("skipped: cannot become an unprivileged user here ({e})"),
            }
        });
        done.join().unwrap();
    });
}

/// A tree to be made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    File(Vec<u8>, u32),
    Link(Vec<u8>),
    Folder(BTreeMap<Vec<u8>, Node>, u32),
}

impl Node {
    /// Makes it at a path that does not exist, or, as the top folder, may exist.
    pub(crate) fn make(&self, path: &Path) {
        match self {
            Node::File(content, mode) => {
                fs::write(path, content).unwrap();
                fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
            }
            Node::Link(target) => std::os::unix::fs::symlink(OsStr::from_bytes(target), path).unwrap(),
            Node::Folder(entries, mode) => {
                fs::create_dir_all(path).unwrap();
                for (name, node) in entries {
                    node.make(&path.join(OsStr::from_bytes(name)));
                }
                fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
            }
        }
    }
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => proptest::sample::select(vec!["a", "b", "c", "d.txt", "e.rs", "-f", "a b", ".hidden"]).prop_map(|s| s.as_bytes().to_vec()),
        1 => proptest::sample::select(vec!["größe", "日本語.md", "e\u{301}", "\u{85}", "new\nline", "tab\t", "back\\slash", "\\x41", "\"q\""])
            .prop_map(|s| s.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>().prop_filter("no separator", |b| *b != 0 && *b != b'/'), 1..12)
            .prop_filter("a name of its own", |n| n != b"." && n != b".." && n != b".git" && n != b".gitignore"),
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(
            proptest::sample::select(vec!["one\n", "two\n", "three\n", "four", "\r\n", ""]),
            0..8
        )
        .prop_map(|lines| lines.concat().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..60),
    ]
}

/// Random trees of files, links and folders; the top is always a folder 0755.
pub(crate) fn tree() -> impl Strategy<Value = Node> {
    let file_mode = proptest::sample::select(vec![0o644, 0o755, 0o600, 0o400, 0o444, 0o664, 0o777]);
    let folder_mode = proptest::sample::select(vec![0o755, 0o755, 0o700, 0o555, 0o500, 0o775]);
    let link = prop_oneof![
        name(),
        Just(b"/etc/passwd".to_vec()),
        Just(b"../..".to_vec()),
        Just(b"a/../\xff".to_vec())
    ];
    let leaf = prop_oneof![
        5 => (content(), file_mode).prop_map(|(content, mode)| Node::File(content, mode)),
        1 => link.prop_map(Node::Link),
    ];
    let inner = leaf.prop_recursive(4, 24, 5, move |node| {
        (proptest::collection::btree_map(name(), node, 0..5), folder_mode.clone())
            .prop_map(|(entries, mode)| Node::Folder(entries, mode))
    });
    proptest::collection::btree_map(name(), inner, 0..6).prop_map(|entries| Node::Folder(entries, 0o755))
}

/// What a folder holds, by other means than the crate's: a line an entry, with mode and content.
pub(crate) fn describe(folder: &Path) -> BTreeMap<Vec<u8>, String> {
    let mut all = BTreeMap::new();
    describe_into(folder, &[], &mut all, &|_, _| String::new());
    all
}

/// The same with times and inodes: equal only when nothing was even written anew.
pub(crate) fn describe_exactly(folder: &Path) -> BTreeMap<Vec<u8>, String> {
    let mut all = BTreeMap::new();
    describe_into(folder, &[], &mut all, &|_, meta| {
        format!(" {}.{} {} {}", meta.mtime(), meta.mtime_nsec(), meta.ino(), meta.nlink())
    });
    all
}

fn describe_into(
    folder: &Path,
    prefix: &[u8],
    all: &mut BTreeMap<Vec<u8>, String>,
    more: &dyn Fn(&Path, &fs::Metadata) -> String,
) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        let name = [prefix, path.file_name().unwrap().as_bytes()].concat();
        let mut line = if meta.is_symlink() {
            format!("link {:?}", fs::read_link(&path).unwrap())
        } else if meta.is_dir() {
            describe_into(&path, &[&name[..], b"/"].concat(), all, more);
            format!("folder {:o}", meta.mode() & 0o7777)
        } else if meta.is_file() {
            format!("file {:o} {:?}", meta.mode() & 0o7777, fs::read(&path).unwrap())
        } else {
            "special".to_owned()
        };
        line.push_str(&more(&path, &meta));
        all.insert(name, line);
    }
}

/// Waits until every file that exists now is older than the slow clock, so that a take may trust it.
/// (Newer kernels stamp files by the real clock when they must, and the slow one lags by some ticks.)
pub(crate) fn next_tick() {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let now = (now.tv_sec, u32::try_from(now.tv_nsec).unwrap());
    while crate::cache::tick() <= now {
        std::thread::yield_now();
    }
}

/// Makes a folder with everything in it belong to the user of [`as_nobody`].
pub(crate) fn hand_over(folder: &Path) {
    if !is_root() {
        return;
    }
    std::os::unix::fs::lchown(folder, Some(65534), Some(65534)).unwrap();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        std::os::unix::fs::lchown(entry.path(), Some(65534), Some(65534)).unwrap();
        if entry.file_type().unwrap().is_dir() {
            hand_over(&entry.path());
        }
    }
}

/// Set when it goes, also by a panic, so that a thread that runs until then ends.
#[derive(Default)]
pub(crate) struct Done(std::sync::atomic::AtomicBool);

impl Done {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Holds the flag down; dropping this sets it.
    pub(crate) fn guard(&self) -> impl Drop + '_ {
        struct Guard<'a>(&'a Done);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.0.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
        Guard(self)
    }
}
