//! The traces of a log while they are written: a temporary file a model, gone when the program ends.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use fleetfront_calibration::TRACE_HEADER;
use fleetfront_scenario::traffic_trace_files;
use fleetfront_workloads::Traces;

use crate::output_folder::Large;

/// A file for each model that had a request so far.
#[derive(Debug, Default)]
pub(crate) struct TraceFiles(BTreeMap<String, BufWriter<File>>);

impl TraceFiles {
    /// Writes a request: the number of its day, and milliseconds after 00:00.
    ///
    /// # Errors
    /// When there is no room.
    pub(crate) fn write(&mut self, model: &str, day: u32, ms: u32) -> io::Result<()> {
        if let Some(file) = self.0.get_mut(model) {
            return write_request(file, day, ms);
        }
        let mut file = BufWriter::new(tempfile::tempfile()?);
        writeln!(file, "{TRACE_HEADER}")?;
        write_request(&mut file, day, ms)?;
        self.0.insert(model.to_owned(), file);
        Ok(())
    }

    /// The files of the traces that were written, from their beginnings.
    ///
    /// # Errors
    /// When there is no room.
    ///
    /// # Panics
    /// If a trace was never written.
    pub(crate) fn finish(mut self, traces: &Traces) -> io::Result<Vec<Large>> {
        let named = traces.models.iter().zip(traffic_trace_files(traces));
        named
            .map(|(of, name)| {
                let file = self.0.remove(&of.model).unwrap_or_else(|| panic!("{} has no trace", of.model));
                let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.rewind()?;
                Ok(Large { name, file })
            })
            .collect()
    }
}

fn write_request(file: &mut impl Write, day: u32, ms: u32) -> io::Result<()> {
    let (second, ms) = (ms / 1000, ms % 1000);
    if ms == 0 { writeln!(file, "{day},{second}") } else { writeln!(file, "{day},{second}.{ms:03}") }
}
