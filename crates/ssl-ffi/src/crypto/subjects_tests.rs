//! Lists of subjects from files, folders and stores.
//!
//! Knows nothing of contexts.

use std::path::Path;

use super::*;
use crate::crypto::testing::{self, Kind};

fn certificate(name: &str) -> X509 {
    testing::self_signed(Kind::P256, name).certificate
}

fn pem(certificates: &[&X509]) -> Vec<u8> {
    certificates
        .iter()
        .flat_map(|certificate| testing::certificate_pem(certificate))
        .collect()
}

fn c_path(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

fn subjects(names: &NameStack) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.to_der().unwrap()).collect()
}

fn of(certificates: &[&X509]) -> Vec<Vec<u8>> {
    let der = |certificate: &&X509| certificate.subject().unwrap().to_der().unwrap();
    certificates.iter().map(der).collect()
}

#[test]
fn a_file_is_read_in_order_and_without_repetition() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let (long, short) = (certificate("a longer name"), certificate("b"));
    let again = certificate("b");
    std::fs::write(&path, pem(&[&long, &short, &again, &long])).unwrap();
    let names = of_file(&c_path(&path)).unwrap();
    assert_eq!(subjects(&names), of(&[&long, &short]));
    assert!(queue::is_empty());
    std::fs::write(&path, b"nothing").unwrap();
    assert!(of_file(&c_path(&path)).is_none());
    assert_eq!(
        queue::reason_of(queue::take_first()),
        sys::PEM_R_NO_START_LINE
    );
    assert!(of_file(&c_path(&folder.path().join("none"))).is_none());
    let entry = queue::take_first();
    assert_eq!(
        (queue::library_of(entry), queue::reason_of(entry)),
        (sys::ERR_LIB_SYS, libc::ENOENT)
    );
    assert_eq!(queue::library_of(queue::take_first()), 32);
    assert!(queue::is_empty());
}

#[test]
fn what_is_in_the_list_is_not_added() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let (long, short, other) = (
        certificate("a longer name"),
        certificate("b"),
        certificate("c"),
    );
    std::fs::write(&path, pem(&[&short, &other, &short])).unwrap();
    let mut names = NameStack::new().unwrap();
    names.push(long.subject().unwrap());
    names.push(short.subject().unwrap());
    queue::raise(reason::BAD_LENGTH);
    // SAFETY: the list is live.
    assert!(unsafe { add_file(names.as_ptr(), &c_path(&path)) });
    assert!(queue::is_empty());
    // Sorted by the search for the last one: shorter names first.
    assert_eq!(subjects(&names), of(&[&short, &other, &long]));
    // SAFETY: the list is live.
    assert!(!unsafe { add_file(names.as_ptr(), c"/nowhere/none") });
    assert_eq!(names.len(), 3);
    queue::clear();
}

#[test]
fn a_folder_is_all_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (certificate("one"), certificate("two"));
    std::fs::write(folder.path().join("1"), pem(&[&one])).unwrap();
    std::fs::write(folder.path().join("2"), pem(&[&two, &one])).unwrap();
    std::fs::write(folder.path().join("3"), b"nothing").unwrap();
    std::fs::create_dir(folder.path().join("4")).unwrap();
    let names = NameStack::new().unwrap();
    queue::clear();
    // SAFETY: the list is live.
    assert!(unsafe { add_folder(names.as_ptr(), &c_path(folder.path())) });
    assert!(queue::is_empty());
    let mut found = subjects(&names);
    found.sort();
    assert_eq!(found, of(&[&one, &two]));
    // SAFETY: the list is live.
    assert!(!unsafe { add_folder(names.as_ptr(), c"/nowhere/none") });
    let entry = queue::take_first();
    assert_eq!(
        (queue::library_of(entry), queue::reason_of(entry)),
        (sys::ERR_LIB_SYS, libc::ENOENT)
    );
    assert_eq!(queue::reason_of(queue::take_first()), common::SYS_LIB);
    assert!(queue::is_empty());
}

#[test]
fn a_path_can_be_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let mut deep = folder.path().to_owned();
    while deep.as_os_str().len() < PATH_ROOM - 2 {
        let rest = (PATH_ROOM - 2) - deep.as_os_str().len();
        deep.push("d".repeat(rest.saturating_sub(1).clamp(1, 200)));
    }
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("file"), b"").unwrap();
    let names = NameStack::new().unwrap();
    queue::clear();
    // SAFETY: the list is live.
    assert!(!unsafe { add_folder(names.as_ptr(), &c_path(&deep)) });
    assert_eq!(queue::reason_of(queue::take_first()), reason::PATH_TOO_LONG);
}

#[test]
fn a_store_may_be_a_file_or_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (certificate("one"), certificate("two"));
    std::fs::write(folder.path().join("1"), pem(&[&one, &two])).unwrap();
    for path in [folder.path().join("1"), folder.path().to_owned()] {
        let names = NameStack::new().unwrap();
        queue::clear();
        // SAFETY: the list is live.
        assert!(unsafe { add_store(names.as_ptr(), &c_path(&path)) });
        assert!(queue::is_empty());
        assert_eq!(names.len(), 2);
    }
    let names = NameStack::new().unwrap();
    // SAFETY: the list is live.
    assert!(!unsafe { add_store(names.as_ptr(), c"/nowhere/none") });
    assert!(!queue::is_empty());
    queue::clear();
}
