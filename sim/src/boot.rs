//! A boot in phases: image, imports, weights, warm-up, or a memory snapshot instead.

use crate::law::Law;
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::Luck;

/// Purposes of a container's own draws, by number: part of the results.
const SNAPSHOT_FAILS: u32 = 16;
const RESTORE: u32 = 17;
const IMAGE: u32 = 18;
const FIRST_PHASE: u32 = 32;

/// How a container boots.
#[derive(Debug, Clone, PartialEq)]
pub struct Boot {
    /// Loading the image, before everything else.
    pub image: Option<Law>,
    /// Whether the platform bills the image load (undocumented; default yes).
    pub bill_image: bool,
    /// What follows, one after the other.
    pub phases: Vec<Law>,
    /// A memory snapshot that replaces the phases.
    pub snapshot: Option<Snapshot>,
}

/// A memory snapshot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot {
    /// Time to restore it.
    pub restore: Law,
    /// Probability that it cannot be restored: then the phases follow after all.
    pub failure_probability: f64,
}

/// How long one boot lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BootSpan {
    /// Before billing begins.
    pub(crate) unbilled: SimSpan,
    /// After.
    pub(crate) billed: SimSpan,
}

impl Boot {
    /// A boot that is one law.
    #[must_use]
    pub fn of(law: Law) -> Self {
        Self { image: None, bill_image: true, phases: vec![law], snapshot: None }
    }

    /// The shortest time that a boot can be billed.
    #[must_use]
    pub fn shortest(&self) -> SimSpan {
        let image = self.billed_image(Quantile(0));
        image + self.snapshot.map_or_else(|| self.all_phases(Quantile(0)), |own| own.restore.span(Quantile(0)))
    }

    /// A time that no greater share of boots lasts longer than is above the quantile: each part's own added up, which
    /// is longer than that of all together where the quantile is high.
    #[must_use]
    pub fn at_most(&self, q: Quantile) -> SimSpan {
        let image = self.billed_image(q);
        match self.snapshot {
            None => image + self.all_phases(q),
            Some(own) if own.failure_probability > 0.0 => image + own.restore.span(q) + self.all_phases(q),
            Some(own) => image + own.restore.span(q),
        }
    }

    fn billed_image(&self, q: Quantile) -> SimSpan {
        self.image.filter(|_| self.bill_image).map_or(SimSpan::ZERO, |law| law.span(q))
    }

    fn all_phases(&self, q: Quantile) -> SimSpan {
        self.phases.iter().fold(SimSpan::ZERO, |sum, law| sum + law.span(q))
    }

    /// Its mean in seconds.
    pub(crate) fn mean_s(&self) -> f64 {
        let image = self.image.map_or(0.0, |law| law.mean_s());
        let phases: f64 = self.phases.iter().map(Law::mean_s).sum();
        image + self.snapshot.map_or(phases, |s| s.restore.mean_s() + s.failure_probability * phases)
    }

    /// The `attempt`-th boot (from 0) of a container with this luck.
    pub(crate) fn span(&self, luck: Luck, attempt: u32) -> BootSpan {
        let draw = |law: &Law, purpose: u32| law.span(Quantile::of_uniform(luck.uniform(attempt, purpose)));
        let image = self.image.as_ref().map_or(SimSpan::ZERO, |law| draw(law, IMAGE));
        let phases = || {
            let spans = self.phases.iter().zip(FIRST_PHASE..).map(|(law, purpose)| draw(law, purpose));
            spans.fold(SimSpan::ZERO, |sum, span| sum + span)
        };
        let rest = match &self.snapshot {
            None => phases(),
            Some(snapshot) if luck.uniform(attempt, SNAPSHOT_FAILS) < snapshot.failure_probability => {
                draw(&snapshot.restore, RESTORE) + phases()
            }
            Some(snapshot) => draw(&snapshot.restore, RESTORE),
        };
        let (unbilled, billed) = if self.bill_image { (SimSpan::ZERO, image + rest) } else { (image, rest) };
        BootSpan { unbilled, billed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Law {
        Law::Deterministic { seconds }
    }

    #[test]
    fn phases_follow_one_another_and_the_image_may_be_free() {
        let boot =
            Boot { image: Some(seconds(5.0)), phases: vec![seconds(2.0), seconds(30.0)], ..Boot::of(seconds(0.0)) };
        let billed = boot.span(Luck(1), 0);
        assert_eq!(billed, BootSpan { unbilled: SimSpan::ZERO, billed: SimSpan::from_secs_f64(37.0) });
        let free = Boot { bill_image: false, ..boot }.span(Luck(1), 0);
        assert_eq!((free.unbilled, free.billed), (SimSpan::from_secs_f64(5.0), SimSpan::from_secs_f64(32.0)));
    }

    #[test]
    fn no_boot_is_outside_its_bounds() {
        let law = Law::Exponential { mean_s: 10.0 };
        let snapshot = Some(Snapshot { restore: seconds(3.0), failure_probability: 0.5 });
        let plain = Boot { image: Some(seconds(5.0)), phases: vec![law, seconds(30.0)], ..Boot::of(seconds(0.0)) };
        let restored = Boot { snapshot, ..plain.clone() };
        let free = Boot { bill_image: false, ..restored.clone() };
        for (boot, shortest_s) in [(plain, 35.0), (restored, 8.0), (free, 3.0)] {
            let (shortest, longest) = (boot.shortest(), boot.at_most(Quantile(u32::MAX)));
            assert!((shortest.as_secs_f64() - shortest_s).abs() < 1e-6, "{shortest:?}");
            let billed = (0..1_000).map(|luck| boot.span(Luck(luck), 0).billed);
            assert!(billed.clone().all(|billed| billed >= shortest && billed <= longest));
            assert!(billed.max().is_some_and(|most| most > SimSpan::from_secs_f64(50.0)));
        }
    }

    #[test]
    fn a_snapshot_replaces_the_phases_unless_it_fails() {
        let snapshot = Snapshot { restore: seconds(3.0), failure_probability: 0.25 };
        let boot = Boot { snapshot: Some(snapshot), ..Boot::of(seconds(30.0)) };
        let n = 10_000;
        let spans = (0..n).map(|k| boot.span(Luck(1).child(k), 0).billed.as_secs_f64());
        let failed = spans
            .filter(|s| {
                if *s > 3.0 {
                    assert!((s - 33.0).abs() < 1e-9);
                    true
                } else {
                    false
                }
            })
            .count();
        // Four standard errors.
        assert!((failed as f64 / f64::from(n) - 0.25).abs() < 4.0 * (0.25 * 0.75 / f64::from(n)).sqrt(), "{failed}");
    }
}
