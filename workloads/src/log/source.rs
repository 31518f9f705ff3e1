//! Opening logs.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// What gzip files begin with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
const CAPACITY: usize = 1 << 18;

/// Opens a log; one that is compressed with gzip is decompressed while it is read, whatever its name is.
///
/// # Errors
/// When the file cannot be opened or its beginning not be read.
pub fn open_log(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::with_capacity(CAPACITY, File::open(path)?);
    if file.fill_buf()?.starts_with(&GZIP) {
        Ok(Box::new(BufReader::with_capacity(CAPACITY, MultiGzDecoder::new(file))))
    } else {
        Ok(Box::new(file))
    }
}
