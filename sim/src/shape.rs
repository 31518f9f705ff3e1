//! What a request asks for (steps, megapixels, frames, images), and how its service time grows with it.
//!
//! A service time is the law of the **reference shape**, which is what benchmarks measure, times a factor:
//! `fixed + (1 - fixed) W` with the work `W = (steps/ref) (megapixels/ref)^a (frames/ref)^b (images/ref)`. The shape is
//! drawn from the request's own luck, so a request has one shape on every GPU type, in every pool and in every try.

use serde::{Deserialize, Serialize};

use crate::elementary::{exp, ln};
use crate::quantities::SimSpan;
use crate::request::Luck;

/// Purposes of a request's own draws, by number: part of the results. One a quantity; a joint sample takes the first.
const FIRST_QUANTITY: u32 = 64;

/// A shape.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Steps of the sampler.
    pub steps: f64,
    /// Millions of pixels of an image or frame.
    pub megapixels: f64,
    /// Frames of a video; 1 for an image.
    pub frames: f64,
    /// Images (or videos) a request.
    pub images: f64,
}

/// How the service time of a variant on a GPU type grows with the shape.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShapeLaw {
    /// The share of the reference service time that does not grow, from 0 to 1.
    pub fixed_share: f64,
    /// The power of the megapixels in the work.
    pub megapixels_exponent: f64,
    /// The power of the frames in the work.
    pub frames_exponent: f64,
}

impl ShapeLaw {
    /// The powers of the four quantities in the work.
    fn exponents(&self) -> [f64; 4] {
        [1.0, self.megapixels_exponent, self.frames_exponent, 1.0]
    }
}

impl Shape {
    fn quantities(&self) -> [f64; 4] {
        [self.steps, self.megapixels, self.frames, self.images]
    }
}

/// A value and its weight.
pub type Weighted<T> = (f64, T);

/// Which shapes requests have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shapes {
    /// Each quantity by itself: steps, megapixels, frames, images, with the values that it takes.
    Independent([Vec<Weighted<f64>>; 4]),
    /// All of them together.
    Joint(Vec<Weighted<Shape>>),
}

/// The factor on the service time of a variant on a GPU type, by the shape of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    fixed_share: f64,
    /// Their product is the work.
    parts: Vec<Part>,
}

/// One quantity, or all of them where they are drawn together.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    purpose: u32,
    /// The probability of each place and those before it; 1 at the last.
    cumulative: Vec<f64>,
    /// What each place contributes to the work.
    works: Vec<f64>,
}

impl Part {
    /// Of these works with their weights.
    ///
    /// # Panics
    /// If the weights are no weights: a bug of whoever made them.
    fn new(purpose: u32, weighted: impl Iterator<Item = Weighted<f64>>) -> Self {
        let (weights, works): (Vec<f64>, Vec<f64>) = weighted.filter(|(weight, _)| *weight > 0.0).unzip();
        assert!(works.iter().all(|work| *work > 0.0 && work.is_finite()), "works above zero: {works:?}");
        Self { purpose, cumulative: cumulative(&weights), works }
    }

    #[inline]
    fn work(&self, luck: Luck) -> f64 {
        if let [only] = self.works[..] {
            return only;
        }
        self.works[place(&self.cumulative, luck.uniform(0, self.purpose))]
    }

    fn mean_of(&self, f: impl Fn(f64) -> f64) -> f64 {
        let before = std::iter::once(0.0).chain(self.cumulative.iter().copied());
        let places = self.cumulative.iter().zip(before).zip(&self.works);
        places.map(|((to, from), work)| (to - from) * f(*work)).sum()
    }

    fn most(&self) -> f64 {
        self.works.iter().copied().fold(0.0, f64::max)
    }

    /// Its works and their probabilities.
    fn atoms(&self) -> Vec<Weighted<f64>> {
        let before = std::iter::once(0.0).chain(self.cumulative.iter().copied());
        self.cumulative.iter().zip(before).zip(&self.works).map(|((to, from), work)| (to - from, *work)).collect()
    }
}

/// The sums of weights over their total, the last of them 1.
///
/// # Panics
/// If there are none, one is negative or infinite, or all are zero.
pub(crate) fn cumulative(weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    assert!(total > 0.0 && total.is_finite() && weights.iter().all(|weight| *weight >= 0.0), "weights: {weights:?}");
    let mut sum = 0.0;
    let add = |weight: &f64| {
        sum += weight;
        sum / total
    };
    let mut all: Vec<f64> = weights.iter().map(add).collect();
    // Sums of rounded numbers may end beside their total.
    *all.last_mut().expect("weights that have a total") = 1.0;
    all
}

/// The place at which `u`, in [0, 1), lies.
#[inline]
pub(crate) fn place(cumulative: &[f64], u: f64) -> usize {
    cumulative.partition_point(|to| *to <= u)
}

impl Work {
    /// - `reference`: the shape whose service time the law has.
    ///
    /// # Panics
    /// If a quantity is not above zero, or weights are no weights.
    #[must_use]
    pub fn of(shapes: &Shapes, reference: &Shape, law: &ShapeLaw) -> Self {
        let (reference, exponents) = (reference.quantities(), law.exponents());
        let contributes = |k: usize, value: f64| {
            let ratio = value / reference[k];
            // A power of one is the ratio itself, to the bit.
            if (exponents[k] - 1.0).abs() == 0.0 { ratio } else { exp(exponents[k] * ln(ratio)) }
        };
        let parts = match shapes {
            Shapes::Independent(quantities) => quantities
                .iter()
                .enumerate()
                .map(|(k, values)| {
                    let works = values.iter().map(|(weight, value)| (*weight, contributes(k, *value)));
                    Part::new(FIRST_QUANTITY + k as u32, works)
                })
                .collect(),
            Shapes::Joint(rows) => {
                let work = |shape: &Shape| -> f64 {
                    shape.quantities().into_iter().enumerate().map(|(k, value)| contributes(k, value)).product()
                };
                vec![Part::new(FIRST_QUANTITY, rows.iter().map(|(weight, shape)| (*weight, work(shape))))]
            }
        };
        Self { fixed_share: law.fixed_share, parts }
    }

    /// The factor on the service time of the request with this luck, above zero.
    #[inline]
    #[must_use]
    pub fn factor(&self, luck: Luck) -> f64 {
        self.factor_of(self.parts.iter().map(|part| part.work(luck)).product())
    }

    fn factor_of(&self, work: f64) -> f64 {
        self.fixed_share + (1.0 - self.fixed_share) * work
    }

    /// The service time of the request with this luck, if one with the reference shape has this one.
    #[inline]
    #[must_use]
    pub fn applied(&self, span: SimSpan, luck: Luck) -> SimSpan {
        SimSpan::from_secs_f64(span.as_secs_f64() * self.factor(luck))
    }

    /// The mean of the work, where 1 is that of the reference shape.
    #[must_use]
    pub fn mean_work(&self) -> f64 {
        self.parts.iter().map(|part| part.mean_of(|work| work)).product()
    }

    /// The mean factor.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.factor_of(self.mean_work())
    }

    /// The mean square of the factor.
    #[must_use]
    pub fn mean_square(&self) -> f64 {
        let square: f64 = self.parts.iter().map(|part| part.mean_of(|work| work * work)).product();
        let (fixed, grows) = (self.fixed_share, 1.0 - self.fixed_share);
        fixed * fixed + 2.0 * fixed * grows * self.mean_work() + grows * grows * square
    }

    /// The greatest factor.
    #[must_use]
    pub fn most(&self) -> f64 {
        self.factor_of(self.parts.iter().map(Part::most).product())
    }

    /// Factors and their probabilities, rising: all of them where they are `most` or fewer, else about so many of about
    /// equal probability, each the mean of those that it stands for. The mean of all is that of the work either way.
    #[must_use]
    pub fn points(&self, most: usize) -> Vec<Weighted<f64>> {
        let works = self.parts.iter().fold(vec![(1.0, 1.0)], |points, part| {
            let own = gathered(part.atoms(), most);
            let times = |(share, work): &Weighted<f64>| {
                let (share, work) = (*share, *work);
                own.iter().map(move |(other, factor)| (share * other, work * factor)).collect::<Vec<_>>()
            };
            gathered(points.iter().flat_map(times).collect(), most)
        });
        works.into_iter().map(|(share, work)| (share, self.factor_of(work))).collect()
    }
}

/// Values in rising order, equal ones together, and neighbours together until about `most` are left.
fn gathered(mut values: Vec<Weighted<f64>>, most: usize) -> Vec<Weighted<f64>> {
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    values.dedup_by(|next, kept| {
        let is_equal = next.1.to_bits() == kept.1.to_bits();
        kept.0 += if is_equal { next.0 } else { 0.0 };
        is_equal
    });
    if values.len() <= most {
        return values;
    }
    let mut together: Vec<Weighted<f64>> = Vec::new();
    let (mut before, mut bin) = (0.0, usize::MAX);
    for (share, value) in values {
        let own = ((before + share / 2.0) * most as f64) as usize;
        match together.last_mut().filter(|_| own == bin) {
            Some((sum, mean)) => {
                *mean += (value - *mean) * share / (*sum + share);
                *sum += share;
            }
            None => together.push((share, value)),
        }
        (before, bin) = (before + share, own);
    }
    together
}

#[cfg(test)]
mod tests;
