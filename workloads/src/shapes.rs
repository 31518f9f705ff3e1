//! How large requests are: each size by itself, which of them go together, and the log's own joint sample of them.
//!
//! Memory is bounded: a model's distinct rows are counted while they are few, and beside them those requests are kept whose
//! numbers hash lowest, a simple random sample of its requests that is the same for the same log.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::describe::GapHistogram;
use crate::log::{ShapeColumn, Size};
use crate::name_hash::mixed;

/// Most rows of a model's joint sample.
pub const ROWS_MAX: usize = 2000;
/// Most rows of the joint samples of all models.
const ALL_ROWS_MAX: usize = 100_000;
/// So many columns are held against each other.
const CORRELATED_MAX: usize = 8;
/// Quantiles that are told, in per cent.
const PERCENTS: [f64; 7] = [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 100.0];
/// Sizes are kept to so many parts of one.
const PARTS: f64 = 1e6;

/// The sizes of a log's requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shapes {
    /// Each column by itself.
    pub columns: Vec<SizeSummary>,
    /// Each two of them, of the first eight.
    pub correlations: Vec<SizeCorrelation>,
    /// The sizes of each model's requests as they came together; of models that have any.
    pub samples: Vec<ShapeSample>,
}

/// One column of sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizeSummary {
    /// The column, or the two that were multiplied.
    pub column: String,
    /// What it means, where that is known.
    pub size: Option<Size>,
    /// Requests that have one.
    pub requests: u64,
    /// Requests that have none.
    pub missing: u64,
    /// Mean.
    pub mean: f64,
    /// Coefficient of variation (n); none where all are 0.
    pub cv: Option<f64>,
    /// Quantiles, ascending; linear between sizes, within 0.1 %.
    pub quantiles: Vec<SizeQuantile>,
}

/// A quantile of a size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SizeQuantile {
    /// Share of the requests, in per cent.
    pub percent: f64,
    /// Up to which size these lie.
    pub value: f64,
}

/// How two sizes go together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizeCorrelation {
    /// The two columns.
    pub columns: [String; 2],
    /// Pearson's coefficient of correlation over the requests that have both; none where one of them is constant.
    pub coefficient: Option<f64>,
}

/// The sizes of a model's requests as they came together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeSample {
    /// The model.
    pub model: String,
    /// What the values of a row are.
    pub sizes: Vec<Size>,
    /// The rows, in rising order.
    pub rows: Vec<ShapeRow>,
    /// Requests that the rows stand for.
    pub requests: u64,
    /// Whether the rows are those of a random sample of the requests: there are more different ones than are kept.
    pub is_sample: bool,
    /// Requests that are in no row: a size is missing, or none that a request can have.
    pub left_out: u64,
}

/// Requests of one shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeRow {
    /// How many.
    pub weight: u64,
    /// Their sizes.
    pub values: Vec<f64>,
}

/// Sums over the sizes of requests.
#[derive(Debug, Clone)]
pub(crate) struct ShapeBook {
    columns: Vec<Column>,
    /// Sums of products of differences from the means, for each two of the first columns.
    pairs: Vec<Pair>,
    /// The place among the columns of each size that samples have.
    sampled: Vec<(Size, usize)>,
    /// The places of width and height, whose product is the column behind the log's own.
    area: Option<(usize, usize)>,
    models: Vec<Rows>,
    values: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    size: Option<Size>,
    number: f64,
    missing: u64,
    mean: f64,
    squares: f64,
    histogram: GapHistogram,
}

#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    number: f64,
    means: [f64; 2],
    squares: [f64; 2],
    products: f64,
}

impl ShapeBook {
    /// - `columns`: those of the log.
    /// - `models`: how many there are.
    pub(crate) fn new(columns: &[ShapeColumn], models: usize) -> Self {
        let mut all: Vec<Column> = columns.iter().map(|of| Column::new(of.column.clone(), of.size)).collect();
        let place = |size: Size| columns.iter().position(|of| of.size == Some(size));
        let area = place(Size::Width).zip(place(Size::Height)).filter(|_| place(Size::Megapixels).is_none());
        if let Some((width, height)) = area {
            let name = format!("{} x {}", columns[width].column, columns[height].column);
            all.push(Column::new(name, Some(Size::Megapixels)));
        }
        let place = |size: Size| Some((size, all.iter().position(|column| column.size == Some(size))?));
        let correlated = all.len().min(CORRELATED_MAX);
        Self {
            pairs: vec![Pair::default(); correlated * correlated.saturating_sub(1) / 2],
            sampled: Size::SAMPLED.into_iter().filter_map(place).collect(),
            area,
            columns: all,
            models: vec![Rows::new((ALL_ROWS_MAX / models.max(1)).clamp(10, ROWS_MAX)); models],
            values: Vec::new(),
        }
    }

    /// Counts the requests of an entry.
    ///
    /// - `shape`: a value of each column of the log; NaN where there is none.
    /// - `line`: tells entries apart.
    pub(crate) fn push(&mut self, model: u32, shape: &[f64], requests: u64, line: u64) {
        if requests == 0 || self.columns.is_empty() {
            return;
        }
        self.values.clear();
        self.values.extend_from_slice(shape);
        self.values.extend(self.area.map(|(width, height)| shape[width] * shape[height] / 1e6));
        for (column, value) in self.columns.iter_mut().zip(&self.values) {
            column.push(*value, requests);
        }
        let mut pairs = self.pairs.iter_mut();
        for second in 1..self.columns.len().min(CORRELATED_MAX) {
            for first in 0..second {
                if let Some(pair) = pairs.next() {
                    pair.push([self.values[first], self.values[second]], requests as f64);
                }
            }
        }
        if let Some(rows) = self.models.get_mut(model as usize).filter(|_| !self.sampled.is_empty()) {
            let mut row = [0.0; Size::SAMPLED.len()];
            let mut is_whole = true;
            for (value, (size, place)) in row.iter_mut().zip(&self.sampled) {
                *value = self.values[*place];
                is_whole &= size.may_be(*value);
            }
            rows.push(is_whole.then_some(row), requests, line);
        }
    }

    /// What is known of the sizes; none where the log has none.
    ///
    /// - `models`: their names, by their places.
    pub(crate) fn finish(self, models: &[String]) -> Option<Shapes> {
        if self.columns.iter().all(|column| column.number == 0.0) {
            return None;
        }
        let mut pairs = self.pairs.iter();
        let mut correlations = Vec::new();
        for (second, of_second) in self.columns.iter().enumerate().take(CORRELATED_MAX) {
            for (of_first, pair) in self.columns[..second].iter().zip(pairs.by_ref()) {
                let columns = [of_first.name.clone(), of_second.name.clone()];
                correlations.push(SizeCorrelation { columns, coefficient: pair.coefficient() });
            }
        }
        let sizes: Vec<Size> = self.sampled.iter().map(|(size, _)| *size).collect();
        let with_rows = self.models.into_iter().zip(models).filter(|(rows, _)| rows.requests > 0);
        let samples = with_rows.map(|(rows, model)| rows.sample(model, &sizes)).collect();
        let columns = self.columns.into_iter().filter(|column| column.number > 0.0).map(Column::summary).collect();
        Some(Shapes { columns, correlations, samples })
    }
}

impl Column {
    fn new(name: String, size: Option<Size>) -> Self {
        let histogram = GapHistogram::default();
        Self { name, size, number: 0.0, missing: 0, mean: 0.0, squares: 0.0, histogram }
    }

    fn push(&mut self, value: f64, requests: u64) {
        if value.is_nan() {
            self.missing += requests;
            return;
        }
        let times = requests as f64;
        self.number += times;
        let before = value - self.mean;
        self.mean += before * times / self.number;
        self.squares += times * before * (value - self.mean);
        // A float beyond the integers is the largest of them.
        self.histogram.add((value * PARTS).round() as u64, requests);
    }

    fn summary(self) -> SizeSummary {
        let quantile = |percent: f64| self.histogram.quantile_ns(percent / 100.0) / PARTS;
        SizeSummary {
            quantiles: PERCENTS.iter().map(|&percent| SizeQuantile { percent, value: quantile(percent) }).collect(),
            column: self.name,
            size: self.size,
            requests: self.number as u64,
            missing: self.missing,
            mean: self.mean,
            cv: (self.mean > 0.0).then(|| (self.squares / self.number).sqrt() / self.mean),
        }
    }
}

impl Pair {
    fn push(&mut self, values: [f64; 2], times: f64) {
        if values.iter().any(|value| value.is_nan()) {
            return;
        }
        self.number += times;
        let before = [values[0] - self.means[0], values[1] - self.means[1]];
        for k in 0..2 {
            self.means[k] += before[k] * times / self.number;
            self.squares[k] += times * before[k] * (values[k] - self.means[k]);
        }
        self.products += times * before[0] * (values[1] - self.means[1]);
    }

    fn coefficient(&self) -> Option<f64> {
        let scale = (self.squares[0] * self.squares[1]).sqrt();
        // What is left of a constant by rounding is no spread.
        let is_constant = |k: usize| self.squares[k] <= 1e-20 * self.number * self.means[k].powi(2);
        (!is_constant(0) && !is_constant(1)).then(|| (self.products / scale).clamp(-1.0, 1.0))
    }
}

type Row = [f64; Size::SAMPLED.len()];

/// The rows of a model.
#[derive(Debug, Clone)]
struct Rows {
    most: usize,
    /// Requests of each row, by its bits: sizes are above zero, so that these are in order. None when there are too many.
    distinct: Option<BTreeMap<[u64; Size::SAMPLED.len()], u64>>,
    /// The entries whose lines hash lowest.
    lowest: BTreeMap<u64, (Row, u64)>,
    requests: u64,
    left_out: u64,
}

impl Rows {
    fn new(most: usize) -> Self {
        Self { most, distinct: Some(BTreeMap::new()), lowest: BTreeMap::new(), requests: 0, left_out: 0 }
    }

    fn push(&mut self, row: Option<Row>, requests: u64, line: u64) {
        let Some(row) = row else {
            self.left_out += requests;
            return;
        };
        self.requests += requests;
        if let Some(distinct) = &mut self.distinct {
            *distinct.entry(row.map(f64::to_bits)).or_default() += requests;
            if distinct.len() > self.most {
                self.distinct = None;
            }
        }
        let hash = mixed(line);
        if self.lowest.len() < self.most || self.lowest.last_key_value().is_some_and(|(last, _)| hash < *last) {
            self.lowest.insert(hash, (row, requests));
            if self.lowest.len() > self.most {
                self.lowest.pop_last();
            }
        }
    }

    fn sample(self, model: &str, sizes: &[Size]) -> ShapeSample {
        let is_sample = self.distinct.is_none();
        let rows = self.distinct.unwrap_or_else(|| {
            let mut rows = BTreeMap::new();
            for (row, requests) in self.lowest.into_values() {
                *rows.entry(row.map(f64::to_bits)).or_default() += requests;
            }
            rows
        });
        let of = |(bits, weight): ([u64; Size::SAMPLED.len()], u64)| ShapeRow {
            weight,
            values: bits[..sizes.len()].iter().map(|bits| f64::from_bits(*bits)).collect(),
        };
        ShapeSample {
            model: model.to_owned(),
            sizes: sizes.to_vec(),
            rows: rows.into_iter().map(of).collect(),
            requests: self.requests,
            is_sample,
            left_out: self.left_out,
        }
    }
}
