//! Whether times follow their shape fit: what is left of them, shape by shape.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::{Asked, ShapeFit, residual};
use crate::runs::Shape;

/// Luck explains less than one in a thousand such ratios.
const RARE: f64 = 1e-3;

/// Shapes that are off by less are no matter for a plan, however clearly they are seen: our choice.
const LEAST_OFF: f64 = 0.03;

/// A shape whose times are off the law.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeMisfit {
    /// That which is off most, in standard errors.
    pub shape: Shape,
    /// How many times longer its runs are than the law says.
    pub ratio: f64,
    /// The probability of such a ratio of variances by luck.
    pub p_value: f64,
}

/// The runs of one shape.
struct Group<'a> {
    shape: &'a Shape,
    asked: Asked,
    /// Logarithms of the seconds over those of the law.
    off: Vec<f64>,
}

impl Group<'_> {
    fn mean(&self) -> f64 {
        self.off.iter().sum::<f64>() / self.off.len() as f64
    }

    fn clarity(&self) -> f64 {
        self.mean().abs() * (self.off.len() as f64).sqrt()
    }
}

impl ShapeFit {
    /// The shape that is off the law, where shapes are by more than runs of one shape differ. `None` where they are not, or
    /// where no shape was repeated.
    ///
    /// - `runs`: those that were fitted.
    ///
    /// # Source
    /// The test of lack of fit against pure error: Draper and Smith 1998, *Applied Regression Analysis*, section 2.1.
    #[must_use]
    pub fn misfit(&self, runs: &[(f64, Shape)]) -> Option<ShapeMisfit> {
        let groups = self.groups(runs);
        let parameters = self.n - self.freedom;
        let between = groups.len().checked_sub(parameters).filter(|freedom| *freedom > 0)? as f64;
        let within = runs.len().checked_sub(groups.len()).filter(|freedom| *freedom > 0)? as f64;
        let lack: f64 = groups.iter().map(|group| group.clarity().powi(2)).sum();
        let squares = |group: &Group<'_>| group.off.iter().map(|x| (x - group.mean()).powi(2)).sum::<f64>();
        let error: f64 = groups.iter().map(squares).sum();
        let ratio = (lack / between) / (error / within);
        let p_value = FisherSnedecor::new(between, within).ok()?.sf(ratio);
        let most = groups.iter().max_by(|a, b| a.clarity().total_cmp(&b.clarity()))?;
        (ratio.is_finite() && p_value < RARE && most.mean().abs() > LEAST_OFF).then(|| ShapeMisfit {
            shape: most.shape.clone(),
            ratio: most.mean().exp(),
            p_value,
        })
    }

    fn groups<'a>(&self, runs: &'a [(f64, Shape)]) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let point = self.point();
        for (seconds, shape) in runs {
            let asked = Asked::of(shape);
            let off = -residual(seconds.ln(), &asked, &point).0;
            match groups.iter_mut().find(|group| group.asked == asked) {
                Some(group) => group.off.push(off),
                None => groups.push(Group { shape, asked, off: vec![off] }),
            }
        }
        groups
    }
}
