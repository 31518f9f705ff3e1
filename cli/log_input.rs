//! The log that a command reads: a file, or what comes through a pipe.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fleetfront_workloads::{open_log, open_log_in};
use sha2::{Digest, Sha256};

/// What stands for standard input on the command line.
const STDIN: &str = "-";
const BLOCK: usize = 1 << 18;

/// A log that can be read as often as it takes.
pub(crate) struct LogInput {
    source: Source,
    /// Its name in messages, as the user gave it.
    pub(crate) name: String,
    /// Its name in results, without its folder.
    pub(crate) short_name: String,
    /// The word for it in a command that makes the same again.
    pub(crate) word: String,
    /// SHA-256 of its bytes as they came, in hexadecimal digits.
    pub(crate) sha256: String,
}

enum Source {
    File(PathBuf),
    /// What came through a pipe: a file without a name, gone when the program ends.
    Copy(File),
}

impl LogInput {
    /// Opens a log and reads it once, for its digest. A pipe can be read but once, so that what comes through it is kept in a
    /// temporary file; memory does not grow with it.
    ///
    /// # Errors
    /// When it cannot be read, or there is no room for what comes through a pipe.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let is_stdin = path.as_os_str() == STDIN;
        if !is_stdin {
            let mut file = File::open(path)?;
            if file.metadata()?.is_file() {
                let name = path.display().to_string();
                let short_name = path.file_name().map_or(name.clone(), |name| name.to_string_lossy().into_owned());
                let sha256 = copy(&mut file, &mut io::sink())?;
                return Ok(Self {
                    source: Source::File(path.to_owned()),
                    word: name.clone(),
                    name,
                    short_name,
                    sha256,
                });
            }
            return Self::of_pipe(file, &path.display().to_string());
        }
        Self::of_pipe(io::stdin().lock(), "standard input")
    }

    fn of_pipe(mut pipe: impl Read, name: &str) -> io::Result<Self> {
        let mut kept = tempfile::tempfile()?;
        let sha256 = copy(&mut pipe, &mut kept)?;
        // The number of a pipe is another one every time: the same again comes through standard input.
        let short_name = "standard input".to_owned();
        Ok(Self { source: Source::Copy(kept), name: name.to_owned(), short_name, word: STDIN.to_owned(), sha256 })
    }

    /// Opens it from its beginning. Of several that are open only the last may be read.
    ///
    /// # Errors
    /// When it is gone, or its beginning cannot be read.
    pub(crate) fn reopen(&self) -> io::Result<Box<dyn BufRead>> {
        match &self.source {
            Source::File(path) => open_log(path),
            Source::Copy(kept) => {
                let mut again = kept.try_clone()?;
                again.seek(SeekFrom::Start(0))?;
                open_log_in(again)
            }
        }
    }
}

/// Copies all that is left of a source, and returns its SHA-256.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match from.read(&mut block) {
            Ok(0) => break,
            Ok(count) => {
                hash.update(&block[..count]);
                to.write_all(&block[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}
