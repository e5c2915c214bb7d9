//! Files of sealed parts, each written whole or not at all, and read once.
//!
//! A file is its random identifier and then, part by part, a length and the part, sealed as a row is (see
//! `sealed`) for the file's name, its identifier and the part's number; a last, empty part says that it is the last.
//! So a part that was changed, moved, left out or put in from another file opens for nobody, and a file that
//! was cut does not end. A file appears by a rename when all of it is on the disk. Whoever reads it takes it: it
//! is removed before its first part is opened, so that one which can't be read is not met again, and nothing lies
//! on the disk that a running process has in memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::lock::create_private_dir;
use super::sealed::{Place, SEAL_OVERHEAD, seal, unseal};
use super::{SecretKey, StoreError, random_bytes};

/// What the files end with.
const SUFFIX: &str = ".sealed";
/// What a file that is not whole yet ends with.
const PARTIAL: &str = ".sealed.partial";
/// Stands for the table of a row.
const TABLE: &str = "sealed files";
/// Bytes of an identifier.
const ID: usize = 32;

/// A folder of such files.
#[derive(Clone, Debug)]
pub struct SealedFiles {
    dir: PathBuf,
    root: SecretKey,
}

/// What became of a file that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenFile {
    /// There was none.
    Missing,
    /// The reader wanted no more of it.
    Refused,
    /// All of it was read.
    Whole,
}

impl SealedFiles {
    /// The files of `dir` that are `wanted`, each a plain file name; everything else in the folder is removed: what was begun and
    /// never finished, and what nobody will read. The folder is made where anything is wanted.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn open(dir: PathBuf, root: SecretKey, wanted: &[&str]) -> Result<Self, StoreError> {
        let wanted: Vec<String> = wanted
            .iter()
            .map(|name| format!("{name}{SUFFIX}"))
            .collect();
        if !wanted.is_empty() {
            create_private_dir(&dir)?;
        }
        let io = |source| io_error("clear", &dir, source);
        let entries = match fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            entries => Some(entries.map_err(io)?),
        };
        for entry in entries.into_iter().flatten() {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if !wanted.iter().any(|own| Some(own.as_str()) == name) {
                fs::remove_file(&path).map_err(io)?;
            }
        }
        Ok(Self { dir, root })
    }

    /// Writes the file `name` anew, of parts that are not empty. Gives its length.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; there is no file of this name then, not an older one either.
    pub fn put(
        &self,
        name: &str,
        parts: &mut dyn Iterator<Item = Vec<u8>>,
    ) -> Result<u64, StoreError> {
        let (whole, partial) = self.paths(name);
        let io = |source| io_error("write", &whole, source);
        match fs::remove_file(&whole) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        let written = self.write(&partial, name, parts).and_then(|len| {
            fs::rename(&partial, &whole).map_err(io)?;
            let folder = File::open(&self.dir).and_then(|dir| dir.sync_all());
            folder.map_err(io)?;
            Ok(len)
        });
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written
    }

    fn write(
        &self,
        path: &Path,
        name: &str,
        parts: &mut dyn Iterator<Item = Vec<u8>>,
    ) -> Result<u64, StoreError> {
        let io = |source| io_error("write", path, source);
        let id = random_bytes()?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        let mut out = BufWriter::new(file);
        out.write_all(&id).map_err(io)?;
        let mut n_parts = 0;
        let mut add = |place: String, part: &[u8]| {
            let sealed = seal(&self.root, at(name, &place), part)?;
            let len = u32::try_from(sealed.len()).map_err(|_| StoreError::Seal)?;
            let written = out
                .write_all(&len.to_le_bytes())
                .and_then(|()| out.write_all(&sealed));
            written.map_err(io)
        };
        for part in parts {
            // Without text is the end alone.
            if part.is_empty() {
                return Err(StoreError::Seal);
            }
            add(part_id(&id, n_parts), &part)?;
            n_parts += 1;
        }
        add(end_id(&id, n_parts), &[])?;
        let file = out.into_inner().map_err(|error| io(error.into_error()))?;
        file.sync_all().map_err(io)?;
        file.metadata().map(|found| found.len()).map_err(io)
    }

    /// Removes the file `name`, and gives its parts to `each`, in order, until that wants no more. A part is
    /// `longest` bytes at most.
    ///
    /// # Errors
    ///
    /// [`StoreError::Seal`] when the file is not what was written, which may turn out after some parts were given;
    /// [`StoreError::Io`].
    pub fn take(
        &self,
        name: &str,
        longest: usize,
        each: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<TakenFile, StoreError> {
        let (path, _) = self.paths(name);
        let io = |source| io_error("read", &path, source);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(TakenFile::Missing),
            file => file.map_err(io)?,
        };
        let removed = fs::remove_file(&path);
        removed.map_err(|source| io_error("remove", &path, source))?;
        let mut input = BufReader::new(file);
        let mut id = [0; ID];
        fill(&mut input, &mut id).map_err(io)?;
        let mut sealed = Vec::new();
        for number in 0.. {
            let mut len = [0; 4];
            fill(&mut input, &mut len).map_err(io)?;
            let len = usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX);
            if len > longest.saturating_add(SEAL_OVERHEAD) {
                return Err(StoreError::Seal);
            }
            sealed.resize(len, 0);
            fill(&mut input, &mut sealed).map_err(io)?;
            if len == SEAL_OVERHEAD {
                unseal(&self.root, at(name, &end_id(&id, number)), &sealed)?;
                break;
            }
            let part = unseal(&self.root, at(name, &part_id(&id, number)), &sealed)?;
            if !each(&part) {
                return Ok(TakenFile::Refused);
            }
        }
        match input.read(&mut [0]).map_err(io)? {
            0 => Ok(TakenFile::Whole),
            _ => Err(StoreError::Seal),
        }
    }

    /// Where the file `name` is, and where it is while it is being written.
    fn paths(&self, name: &str) -> (PathBuf, PathBuf) {
        let path = |suffix| self.dir.join(format!("{name}{suffix}"));
        (path(SUFFIX), path(PARTIAL))
    }
}

/// As `read_exact`; an end that comes too early is said in words that are no bug's.
fn fill(input: &mut BufReader<File>, out: &mut [u8]) -> io::Result<()> {
    input.read_exact(out).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "the file is cut short"),
        _ => error,
    })
}

const fn at<'a>(name: &'a str, id: &'a str) -> Place<'a> {
    Place {
        table: TABLE,
        owner: name,
        id,
    }
}

fn part_id(id: &[u8; ID], number: u64) -> String {
    format!("{} part {number}", hex(id))
}

fn end_id(id: &[u8; ID], number: u64) -> String {
    format!("{} end {number}", hex(id))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NAME: &str = "model";

    fn files(dir: &Path) -> SealedFiles {
        SealedFiles::open(dir.join("kept"), SecretKey::from_bytes([1; 32]), &[NAME]).unwrap()
    }

    fn path(dir: &Path) -> PathBuf {
        dir.join("kept").join("model.sealed")
    }

    fn put(files: &SealedFiles, parts: &[&[u8]]) {
        let mut parts = parts.iter().map(|part| part.to_vec());
        files.put(NAME, &mut parts).unwrap();
    }

    /// What became of the file, and the parts that were given.
    fn take(files: &SealedFiles) -> (Result<TakenFile, StoreError>, Vec<Vec<u8>>) {
        let mut found = Vec::new();
        let taken = files.take(NAME, 64, &mut |part| {
            found.push(part.to_vec());
            true
        });
        (taken, found)
    }

    #[test]
    fn a_file_is_read_once_and_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        assert_eq!(take(&files).0.unwrap(), TakenFile::Missing);
        for parts in [vec![], vec!["one part"], vec!["Erika", "Muster", "Erika"]] {
            let parts: Vec<Vec<u8>> = parts.into_iter().map(Vec::from).collect();
            files.put(NAME, &mut parts.iter().cloned()).unwrap();
            let mode = fs::metadata(path(dir.path())).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let bytes = fs::read(path(dir.path())).unwrap();
            assert!(!bytes.windows(5).any(|window| window == b"Erika"));
            let (taken, found) = take(&files);
            assert_eq!((taken.unwrap(), found), (TakenFile::Whole, parts));
            assert_eq!(take(&files).0.unwrap(), TakenFile::Missing);
        }
        put(&files, &[b"one", b"two"]);
        let stopped = files.take(NAME, 64, &mut |_| false).unwrap();
        assert_eq!(stopped, TakenFile::Refused);
        assert!(!path(dir.path()).exists());
        put(&files, &[b"longer than four"]);
        let taken = files.take(NAME, 4, &mut |_| panic!("too long"));
        assert!(matches!(taken, Err(StoreError::Seal)));
        // Under another name, or with another node's key, it opens for nobody.
        put(&files, &[b"one"]);
        fs::rename(path(dir.path()), dir.path().join("kept/other.sealed")).unwrap();
        let taken = files.take("other", 64, &mut |_| panic!("another's"));
        assert!(matches!(taken, Err(StoreError::Seal)));
        put(&files, &[b"one"]);
        let key = SecretKey::from_bytes([2; 32]);
        let stranger = SealedFiles::open(dir.path().join("kept"), key, &[NAME]).unwrap();
        assert!(matches!(take(&stranger).0, Err(StoreError::Seal)));
    }

    #[test]
    fn no_bit_of_a_file_can_be_changed_and_none_left_out_or_added() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        put(&files, &[b"first", b"second"]);
        let whole = fs::read(path(dir.path())).unwrap();
        let check = |bytes: &[u8], what: &str| {
            fs::write(path(dir.path()), bytes).unwrap();
            assert!(take(&files).0.is_err(), "{what}");
            assert!(!path(dir.path()).exists(), "{what}: it is gone");
        };
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            check(&changed, &format!("byte {at}"));
            check(&whole[..at], &format!("{at} bytes"));
        }
        check(&[&whole[..], &[0]].concat(), "one byte more");
        // Two parts of the same length, changed for one another.
        put(&files, &[b"one", b"two"]);
        let mut swapped = fs::read(path(dir.path())).unwrap();
        let len = 4 + SEAL_OVERHEAD + 3;
        swapped[ID..ID + 2 * len].rotate_left(len);
        check(&swapped, "swapped");
    }

    #[test]
    fn what_nobody_will_read_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("kept");
        put(&files(dir.path()), &[b"one"]);
        for name in ["old.sealed", "model.sealed.partial"] {
            fs::write(kept.join(name), b"x").unwrap();
        }
        let names = || {
            let entries = fs::read_dir(&kept).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<Vec<_>>()
        };
        files(dir.path());
        assert_eq!(names(), ["model.sealed"]);
        SealedFiles::open(kept.clone(), SecretKey::from_bytes([1; 32]), &[]).unwrap();
        assert_eq!(names(), Vec::<String>::new());
        let nowhere = dir.path().join("nowhere");
        SealedFiles::open(nowhere.clone(), SecretKey::from_bytes([1; 32]), &[]).unwrap();
        assert!(!nowhere.exists());
    }

    #[test]
    fn what_can_t_be_written_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        put(&files, &[b"old"]);
        fs::create_dir(dir.path().join("kept/model.sealed.partial")).unwrap();
        let failed = files.put(NAME, &mut [b"new".to_vec()].into_iter());
        assert!(matches!(failed, Err(StoreError::Io { .. })));
        assert!(!path(dir.path()).exists(), "an older one is not for later");
        fs::remove_dir(dir.path().join("kept/model.sealed.partial")).unwrap();
        let empty = [b"one".to_vec(), Vec::new()];
        assert!(files.put(NAME, &mut empty.into_iter()).is_err());
        assert_eq!(fs::read_dir(dir.path().join("kept")).unwrap().count(), 0);
    }
}
