//! `Tree`: the files of the checkout that are not ignored by git, read from the disk so that a source
//! archive without `.git` can be checked too. Knows nothing of what is checked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The checkout: its root and the files in it.
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeSet<String>,
}

impl Tree {
    /// Lists the files under the root of this workspace.
    pub(crate) fn open() -> Result<Self> {
        Self::at(root())
    }

    /// Lists the files under `root`, leaving out what its `.gitignore` names.
    pub(crate) fn at(root: PathBuf) -> Result<Self> {
        let ignored = match std::fs::read_to_string(root.join(".gitignore")) {
            Ok(text) => Ignored::parse(&text)?,
            Err(_) => Ignored::default(),
        };
        let mut files = BTreeSet::new();
        list(&root, "", &ignored, &mut files)?;
        Ok(Self { root, files })
    }

    /// Paths from the root, with `/`, sorted, of the files whose name ends in `.extension`.
    pub(crate) fn with_extension<'a>(
        &'a self,
        extension: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let is = move |path: &&str| path.rsplit_once('.').is_some_and(|(_, e)| e == extension);
        self.files.iter().map(String::as_str).filter(is)
    }

    /// All paths from the root, sorted.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// True if `path`, relative to the root, is a file or folder on the disk.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> Result<String> {
        std::fs::read_to_string(self.root.join(path)).with_context(|| format!("cannot read {path}"))
    }

    /// Writes a file, and its folder if need be. Returns false, and writes nothing, if it has that text already.
    pub(crate) fn write(&self, path: &str, text: &str) -> Result<bool> {
        let full = self.root.join(path);
        if std::fs::read_to_string(&full).is_ok_and(|now| now == text) {
            return Ok(false);
        }
        if let Some(folder) = full.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&full, text).with_context(|| format!("cannot write {path}"))?;
        Ok(true)
    }
}

/// The root of the workspace: the folder above this package.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// What `.gitignore` leaves out, in the two forms this project uses: `/path` and `*.extension`.
#[derive(Default)]
struct Ignored {
    paths: Vec<String>,
    suffixes: Vec<String>,
}

impl Ignored {
    fn parse(text: &str) -> Result<Self> {
        let mut ignored = Self::default();
        for line in text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty() && !l.starts_with('#'))
        {
            if let Some(path) = line.strip_prefix('/') {
                ignored.paths.push(path.trim_end_matches('/').to_owned());
            } else if let Some(suffix) = line.strip_prefix('*') {
                ignored.suffixes.push(suffix.to_owned());
            } else {
                bail!(
                    ".gitignore: write `{line}` as `/path` or `*.extension`; xtask reads only those"
                );
            }
        }
        Ok(ignored)
    }

    fn covers(&self, path: &str) -> bool {
        path == ".git"
            || self.paths.iter().any(|ignored| ignored == path)
            || self
                .suffixes
                .iter()
                .any(|suffix| path.ends_with(suffix.as_str()))
    }
}

fn list(root: &Path, under: &str, ignored: &Ignored, files: &mut BTreeSet<String>) -> Result<()> {
    let folder = root.join(under);
    let entries = folder
        .read_dir()
        .with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = if under.is_empty() {
            name
        } else {
            format!("{under}/{name}")
        };
        if ignored.covers(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(root, &path, ignored, files)?;
        } else {
            files.insert(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gitignore_in_its_two_forms() {
        let ignored = Ignored::parse("# built\n/target\n/fuzz/corpus/\n*.profraw\n").unwrap();
        for path in [".git", "target", "fuzz/corpus", "crates/a/b.profraw"] {
            assert!(ignored.covers(path), "{path}");
        }
        for path in ["crates/target", "targets", "fuzz"] {
            assert!(!ignored.covers(path), "{path}");
        }
        assert!(Ignored::parse("target\n").is_err());
    }

    #[test]
    fn this_package_is_in_the_tree() {
        let tree = Tree::open().unwrap();
        assert!(
            tree.with_extension("rs")
                .any(|path| path == "xtask/src/tree.rs")
        );
        assert!(tree.files().all(|path| !path.starts_with("target/")));
    }
}
