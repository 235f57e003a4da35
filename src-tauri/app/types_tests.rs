//! The page's types are generated from ours and committed; this says when they differ.
//! `MO_WRITE_TYPES=1 cargo test types` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mo_core::view::status::RuleOffer;
use ts_rs::{Config, TS};

use mo_core::view::log::{LogFilter, LogFound, LogMark, LogPage, LogRaw};

use crate::dto::{
    Attached, Batch, ChangesView, CheckpointPoint, ChoiceForm, DetailsView, DoctorView, Dropped, FileDiff,
    MissingPart, ReceiptView, Refusal, Remembered, RestoredView, RulingView, SettingsView, ShowNeed,
    StartCheck, StartForm,
};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/api/types")
}

fn generate(into: &Path) {
    let config = Config::new().with_out_dir(into);
    Attached::export_all(&config).unwrap();
    Batch::export_all(&config).unwrap();
    ChoiceForm::export_all(&config).unwrap();
    StartForm::export_all(&config).unwrap();
    Refusal::export_all(&config).unwrap();
    ShowNeed::export_all(&config).unwrap();
    MissingPart::export_all(&config).unwrap();
    DoctorView::export_all(&config).unwrap();
    Dropped::export_all(&config).unwrap();
    Remembered::export_all(&config).unwrap();
    RulingView::export_all(&config).unwrap();
    SettingsView::export_all(&config).unwrap();
    StartCheck::export_all(&config).unwrap();
    LogFilter::export_all(&config).unwrap();
    LogFound::export_all(&config).unwrap();
    LogMark::export_all(&config).unwrap();
    LogPage::export_all(&config).unwrap();
    LogRaw::export_all(&config).unwrap();
    CheckpointPoint::export_all(&config).unwrap();
    ChangesView::export_all(&config).unwrap();
    FileDiff::export_all(&config).unwrap();
    RestoredView::export_all(&config).unwrap();
    DetailsView::export_all(&config).unwrap();
    ReceiptView::export_all(&config).unwrap();
    RuleOffer::export_all(&config).unwrap();
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn the_types_of_the_page_are_those_of_the_shell() {
    if std::env::var_os("MO_WRITE_TYPES").is_some() {
        let _ = fs::remove_dir_all(committed());
        generate(&committed());
        return;
    }
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path());
    let (ours, theirs) = (files(fresh.path()), files(&committed()));
    assert!(ours.contains_key("SessionView.ts") && ours.contains_key("Batch.ts"), "{:?}", ours.keys());
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>(),
        "MO_WRITE_TYPES=1 cargo test types"
    );
    for (name, text) in &ours {
        assert_eq!(text, &theirs[name], "ui/src/api/types/{name} differs: MO_WRITE_TYPES=1 cargo test types");
    }
}
