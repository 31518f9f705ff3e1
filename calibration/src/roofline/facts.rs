//! The three tables that a roofline rests on.

use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::table::{Bound, Row, Table, meant};

const CHIP_COLUMNS: [&str; 8] =
    ["gpu", "peak_tflops", "gemm_tflops", "bandwidth_gb_s", "kind", "source", "date", "note"];
const ACHIEVED_COLUMNS: [&str; 9] = ["family", "request", "gpu", "tflop", "seconds", "kind", "source", "date", "note"];
const WORK_COLUMNS: [&str; 11] = [
    "model",
    "setting",
    "family",
    "tflop_per_forward",
    "extra_tflop",
    "forwards",
    "weight_gb_per_forward",
    "kind",
    "source",
    "date",
    "note",
];

/// What a GPU can.
#[derive(Debug, Clone, PartialEq)]
pub struct Chip {
    /// Line in the file, from 1.
    pub line: u64,
    /// The GPU type.
    pub gpu: String,
    /// Dense tensor rate in 16 bits as the vendor states it, in tera floating-point operations a second.
    pub peak_tflops: f64,
    /// What one matrix product was measured to reach; `None` where nobody did.
    pub gemm_tflops: Option<f64>,
    /// Of its memory, in gigabytes a second.
    pub bandwidth_gb_s: Option<f64>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What a reader must know; may be empty.
    pub note: String,
}

/// What a request of a family achieved on a GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Achieved {
    /// Line in the file, from 1.
    pub line: u64,
    /// One architecture on one runtime.
    pub family: String,
    /// What was asked for.
    pub request: String,
    /// The GPU type.
    pub gpu: String,
    /// Tera floating-point operations of the request.
    pub tflop: f64,
    /// How long it took.
    pub seconds: f64,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What a reader must know; may be empty.
    pub note: String,
}

/// What a model asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// Line in the file, from 1.
    pub line: u64,
    /// The model.
    pub model: String,
    /// Size and steps.
    pub setting: String,
    /// Whose efficiency is taken.
    pub family: String,
    /// Tera floating-point operations of one pass of the denoiser.
    pub tflop_per_forward: f64,
    /// Of the rest: text encoder, decoder.
    pub extra_tflop: f64,
    /// Passes in this setting.
    pub forwards: f64,
    /// Gigabytes of weights that a pass reads.
    pub weight_gb_per_forward: f64,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What a reader must know; may be empty.
    pub note: String,
}

impl Work {
    /// Tera floating-point operations of a request with so many passes.
    #[must_use]
    pub fn tflop(&self, forwards: f64) -> f64 {
        forwards * self.tflop_per_forward + self.extra_tflop
    }
}

pub(super) fn read_chips(file: &str, text: &str) -> Result<Vec<Chip>, Vec<Problem>> {
    let mut table = Table::read(file, text, &CHIP_COLUMNS, |row: &mut Row<'_>| {
        let gpu = row.text("gpu");
        let peak_tflops = row.number("peak_tflops", Bound::Positive);
        let gemm_tflops = row.optional_number("gemm_tflops", Bound::Positive);
        let bandwidth_gb_s = row.optional_number("bandwidth_gb_s", Bound::Positive);
        let provenance = row.provenance();
        Some(Chip {
            line: row.line(),
            gpu: gpu?,
            peak_tflops: peak_tflops?,
            gemm_tflops,
            bandwidth_gb_s,
            provenance: provenance?,
            note: row.field("note").to_owned(),
        })
    });
    table.reject_repeats("gpu", |chip: &Chip| Some((chip.line, chip.gpu.clone())));
    table.finish_filled()
}

pub(super) fn read_achieved(file: &str, text: &str, gpus: &[String]) -> Result<Vec<Achieved>, Vec<Problem>> {
    let known: Vec<&str> = gpus.iter().map(String::as_str).collect();
    let table = Table::read(file, text, &ACHIEVED_COLUMNS, |row: &mut Row<'_>| {
        let (family, request, gpu) = (row.text("family"), row.text("request"), row.text("gpu"));
        if let Some(gpu) = gpu.as_deref().filter(|gpu| !known.contains(gpu)) {
            row.reject("gpu", format!("`{gpu}` has no rates"), &meant(gpu, &known));
        }
        let tflop = row.number("tflop", Bound::Positive);
        let seconds = row.number("seconds", Bound::Positive);
        let provenance = row.provenance();
        Some(Achieved {
            line: row.line(),
            family: family?,
            request: request?,
            gpu: gpu?,
            tflop: tflop?,
            seconds: seconds?,
            provenance: provenance?,
            note: row.field("note").to_owned(),
        })
    });
    table.finish_filled()
}

pub(super) fn read_work(file: &str, text: &str) -> Result<Vec<Work>, Vec<Problem>> {
    let mut table = Table::read(file, text, &WORK_COLUMNS, |row: &mut Row<'_>| {
        let (model, setting, family) = (row.text("model"), row.text("setting"), row.text("family"));
        let tflop_per_forward = row.number("tflop_per_forward", Bound::Positive);
        let extra_tflop = row.number("extra_tflop", Bound::NotNegative);
        let forwards = row.number("forwards", Bound::Positive);
        let weight_gb_per_forward = row.number("weight_gb_per_forward", Bound::NotNegative);
        let provenance = row.provenance();
        Some(Work {
            line: row.line(),
            model: model?,
            setting: setting?,
            family: family?,
            tflop_per_forward: tflop_per_forward?,
            extra_tflop: extra_tflop?,
            forwards: forwards?,
            weight_gb_per_forward: weight_gb_per_forward?,
            provenance: provenance?,
            note: row.field("note").to_owned(),
        })
    });
    table.reject_repeats("setting", |work: &Work| Some((work.line, format!("{} {}", work.model, work.setting))));
    table.finish_filled()
}
