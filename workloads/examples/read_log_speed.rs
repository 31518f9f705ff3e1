//! How fast logs are read, and in how much memory: ten million generated lines of a table and of JSON.

#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::io::{self, BufReader, Read, Write as _};
use std::time::{Duration, Instant};

use fleetfront_workloads::{LogOptions, read_log};

const LINES: u64 = 10_000_000;

/// A log that is made while it is read, a chunk at a time, and the time that this takes.
struct Generated {
    write: fn(&mut Vec<u8>, u64),
    header: &'static str,
    next: u64,
    chunk: Vec<u8>,
    given: usize,
    bytes: u64,
    took: Duration,
}

impl Generated {
    fn new(header: &'static str, write: fn(&mut Vec<u8>, u64)) -> Self {
        let chunk = header.as_bytes().to_vec();
        Self { write, header, next: 0, chunk, given: 0, bytes: 0, took: Duration::ZERO }
    }
}

impl Read for Generated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let start = Instant::now();
        if self.given == self.chunk.len() {
            self.chunk.clear();
            self.given = 0;
            while self.next < LINES && self.chunk.len() < 1 << 18 {
                (self.write)(&mut self.chunk, self.next);
                self.next += 1;
            }
        }
        let count = into.len().min(self.chunk.len() - self.given);
        into[..count].copy_from_slice(&self.chunk[self.given..self.given + count]);
        self.given += count;
        self.bytes += count as u64;
        self.took += start.elapsed();
        Ok(count)
    }
}

/// One stamp in two is of a new second; days go by.
fn stamp(line: u64) -> (u64, u64, u64, u64) {
    let second = line / 2;
    (1 + second / 86_400 % 28, second / 3600 % 24, second / 60 % 60, second % 60)
}

fn csv_line(into: &mut Vec<u8>, line: u64) {
    let (day, hour, minute, second) = stamp(line);
    let duration = line % 64;
    writeln!(into, "2024-11-{day:02} {hour:02}:{minute:02}:{second:02},flux-dev,{duration}.0,SUCCEED").expect("memory");
}

fn json_line(into: &mut Vec<u8>, line: u64) {
    let (day, hour, minute, second) = stamp(line);
    let (stamp, duration) = (format_args!("2024-11-{day:02}T{hour:02}:{minute:02}:{second:02}Z"), line % 64);
    writeln!(
        into,
        r#"{{"timestamp": "{stamp}", "model": "flux-dev", "duration_s": {duration}.5, "status": "SUCCEED"}}"#
    )
    .expect("memory");
}

/// The most memory that this process had so far, in MB; `None` where the system does not say.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

fn measure(name: &str, mut source: Generated) -> Result<(), Box<dyn std::error::Error>> {
    let header = source.header.len();
    let (mut entries, mut peak_after_tenth) = (0u64, None);
    let start = Instant::now();
    let summary = read_log(BufReader::new(&mut source), name, &LogOptions::default(), |_| {
        entries += 1;
        if entries == LINES / 10 {
            peak_after_tenth = peak_mb();
        }
    })?;
    let took_s = start.elapsed().saturating_sub(source.took).as_secs_f64();
    let megabytes = source.bytes as f64 / 1e6;
    println!("{name}: {} lines, {megabytes:.0} MB (header {header} B): {:.0} MB/s", summary.lines, megabytes / took_s);
    println!(
        "  {:.0} ns a line; making the lines took {:.1} s, which is not counted",
        took_s * 1e9 / LINES as f64,
        source.took.as_secs_f64()
    );
    if let (Some(early), Some(late)) = (peak_after_tenth, peak_mb()) {
        println!("  peak memory after a tenth: {early:.1} MB, at the end: {late:.1} MB");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure("csv", Generated::new("timestamp,model,duration_s,status\n", csv_line))?;
    measure("json lines", Generated::new("", json_line))
}
