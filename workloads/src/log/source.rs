//! Opening logs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

/// What gzip files begin with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
const CAPACITY: usize = 1 << 18;

/// Opens a log; one that is compressed with gzip is decompressed while it is read, whatever its name is.
///
/// # Errors
/// When the file cannot be opened or its beginning not be read.
pub fn open_log(path: &Path) -> io::Result<Box<dyn BufRead>> {
    open_log_in(File::open(path)?)
}

/// The same for a log that is open at its beginning already.
///
/// # Errors
/// When its beginning cannot be read.
pub fn open_log_in(source: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(CAPACITY, source);
    if source.fill_buf()?.starts_with(&GZIP) {
        Ok(Box::new(BufReader::with_capacity(CAPACITY, Members::new(source))))
    } else {
        Ok(Box::new(source))
    }
}

/// The members of a gzip file, one after the other. Zeros after a member are padding, as they are to other tools.
struct Members<R> {
    /// None behind the last.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(source: R) -> Self {
        Self { member: Some(GzDecoder::new(source)) }
    }

    /// Goes on to the member behind this one, if there is one.
    fn next(&mut self) -> io::Result<()> {
        let Some(member) = self.member.take() else { return Ok(()) };
        let mut source = member.into_inner();
        while !source.fill_buf()?.is_empty() {
            let zeros = source.fill_buf()?.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                let next = GzDecoder::new(source);
                if next.header().is_none() {
                    let message = "the compressed data end here, and what follows them is not gzip";
                    return Err(io::Error::new(ErrorKind::InvalidData, message));
                }
                self.member = Some(next);
                return Ok(());
            }
            source.consume(zeros);
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            match member.read(into) {
                Ok(0) if !into.is_empty() => self.next()?,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(io::Error::new(error.kind(), "the compressed data are cut off here"));
                }
                Err(error) if matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
                    return Err(io::Error::new(error.kind(), format!("the compressed data are broken ({error})")));
                }
                done => return done,
            }
        }
        Ok(0)
    }
}
