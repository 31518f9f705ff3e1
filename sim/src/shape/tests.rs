use std::sync::Arc;

use approx::assert_relative_eq;

use super::*;
use crate::job::Arrival;
use crate::law::Law;
use crate::quantile::Quantile;
use crate::quantities::SimTime;
use crate::request::Request;
use crate::service::Service;

const REFERENCE: Shape = Shape { steps: 28.0, megapixels: 1.0, frames: 1.0, images: 1.0 };
const LINEAR: ShapeLaw = ShapeLaw { fixed_share: 0.1, megapixels_exponent: 1.0, frames_exponent: 1.0 };

fn one(value: f64) -> Vec<Weighted<f64>> {
    vec![(1.0, value)]
}

/// Two numbers of steps and three sizes, drawn independently.
fn independent() -> Shapes {
    let sizes = vec![(5.0, 0.5), (3.0, 1.0), (2.0, 2.0)];
    Shapes::Independent([vec![(3.0, 28.0), (1.0, 56.0)], sizes, one(1.0), one(1.0)])
}

/// Short videos are small, long ones are large.
fn joint() -> Shapes {
    let row = |weight, megapixels, frames| (weight, Shape { megapixels, frames, ..REFERENCE });
    Shapes::Joint(vec![row(6.0, 0.5, 2.0), row(3.0, 1.0, 4.0), row(0.0, 9.0, 9.0), row(1.0, 2.0, 16.0)])
}

fn lucks(n: usize) -> impl Iterator<Item = Luck> {
    std::iter::successors(Some(Luck::first(20_270_101)), |luck| Some(luck.next())).take(n)
}

/// The factor is a product of powers over the reference, beside a share that does not grow: by hand.
#[test]
fn work_is_steps_times_powers_of_size_and_length() {
    let shape = Shape { steps: 14.0, megapixels: 4.0, frames: 9.0, images: 2.0 };
    let of = |law: ShapeLaw| Work::of(&Shapes::Joint(vec![(1.0, shape)]), &REFERENCE, &law);
    assert_relative_eq!(of(LINEAR).mean_work(), 0.5 * 4.0 * 9.0 * 2.0);
    assert_relative_eq!(of(LINEAR).factor(Luck(1)), 0.1 + 0.9 * 36.0);
    let powers = ShapeLaw { fixed_share: 0.0, megapixels_exponent: 1.5, frames_exponent: 0.5 };
    assert_relative_eq!(of(powers).factor(Luck(1)), 0.5 * 8.0 * 3.0 * 2.0, max_relative = 1e-12);
    // With all of it fixed the shape does not matter.
    assert_relative_eq!(of(ShapeLaw { fixed_share: 1.0, ..LINEAR }).factor(Luck(1)), 1.0);
}

#[test]
fn the_reference_shape_has_the_law_to_the_bit() {
    let only = Shapes::Independent([one(28.0), one(1.0), one(1.0), one(1.0)]);
    let law = Law::Lognormal { mu: 2.0, sigma: 0.7 };
    let odd = ShapeLaw { fixed_share: 0.3, megapixels_exponent: 1.3, frames_exponent: 0.7 };
    let shaped = Service { law, work: Some(Arc::new(Work::of(&only, &REFERENCE, &odd))) };
    for (k, luck) in lucks(2_000).enumerate() {
        let quantile = Quantile((k as u32).wrapping_mul(2_654_435_761));
        assert_eq!(shaped.span(quantile, luck), law.span(quantile));
    }
    assert_eq!((shaped.mean_s(), shaped.longest()), (law.mean_s(), law.span(Quantile(u32::MAX))));
}

/// The moments are sums over all shapes with their probabilities.
#[test]
fn moments_are_those_of_the_mix() {
    let law = ShapeLaw { megapixels_exponent: 1.2, ..LINEAR };
    let of_steps = [(0.75, 1.0), (0.25, 2.0)];
    let of_size = [(0.5, 0.5_f64), (0.3, 1.0), (0.2, 2.0)];
    let both = of_steps.iter().flat_map(|s| of_size.iter().map(move |m| (s.0 * m.0, s.1 * m.1.powf(1.2))));
    let factors: Vec<(f64, f64)> = both.map(|(share, work)| (share, 0.1 + 0.9 * work)).collect();
    let moment = |power: i32| factors.iter().map(|(share, factor)| share * factor.powi(power)).sum::<f64>();
    let work = Work::of(&independent(), &REFERENCE, &law);
    assert_relative_eq!(work.mean(), moment(1), max_relative = 1e-12);
    assert_relative_eq!(work.mean_square(), moment(2), max_relative = 1e-12);
    assert_relative_eq!(work.most(), 0.1 + 0.9 * 2.0 * 2.0_f64.powf(1.2), max_relative = 1e-12);
    // 0.6 x 0.5 x 2 + 0.3 x 1 x 4 + 0.1 x 2 x 16.
    assert_relative_eq!(Work::of(&joint(), &REFERENCE, &LINEAR).mean_work(), 0.6 + 1.2 + 3.2, max_relative = 1e-12);
    // The law of the service time varies by itself: E[S^2] = E[L^2] E[F^2].
    let service = Service { law: Law::lognormal(crate::Seconds::new(10.0).expect("a span"), 0.5), work: None };
    let shaped = Service { work: Some(Arc::new(work)), ..service };
    assert_relative_eq!(shaped.mean_s(), 10.0 * moment(1), max_relative = 1e-12);
    assert_relative_eq!(shaped.mean_square_s2(), 125.0 * moment(2), max_relative = 1e-12);
    let cv = (1.25 * moment(2) / moment(1).powi(2) - 1.0).sqrt();
    assert_relative_eq!(shaped.cv(), cv, max_relative = 1e-12);
}

/// Chi-square of the factors that requests draw; each shape has a factor of its own. The 99.9 % quantiles are 20.515
/// for five degrees of freedom and 13.816 for two.
#[test]
fn shapes_are_drawn_with_their_probabilities() {
    let all = 60_000;
    let law = ShapeLaw { megapixels_exponent: 1.1, ..LINEAR };
    for (shapes, kinds, most) in [(independent(), 6, 20.515), (joint(), 3, 13.816)] {
        let work = Work::of(&shapes, &REFERENCE, &law);
        let points = work.points(100);
        assert_eq!(points.len(), kinds);
        let mut counts = vec![0.0; kinds];
        for luck in lucks(all) {
            let factor = work.factor(luck);
            let is_it = |(_, point): &Weighted<f64>| (point - factor).abs() < 1e-12 * factor;
            counts[points.iter().position(is_it).expect("one of them")] += 1.0;
        }
        let distance = |((share, _), count): (&Weighted<f64>, &f64)| {
            let expected = share * all as f64;
            (count - expected).powi(2) / expected
        };
        let chi_square: f64 = points.iter().zip(&counts).map(distance).sum();
        assert!(chi_square < most, "{chi_square}: {counts:?} of {points:?}");
    }
}

/// A thousand numbers of steps against their own distribution (Kolmogorov-Smirnov, 99.9 %: 1.95 / sqrt(n)), and few
/// points that stand for them.
#[test]
fn many_values_are_drawn_by_their_distribution_and_gathered_into_few() {
    let steps: Vec<Weighted<f64>> = (1..=1000).map(|k| (1.0 / f64::from(k), f64::from(k))).collect();
    let sizes = vec![(1.0, 1.0), (2.0, 1.7), (1.0, 4.1)];
    let work = Work::of(&Shapes::Independent([steps, sizes, one(1.0), one(1.0)]), &REFERENCE, &LINEAR);
    let all = work.points(usize::MAX);
    // Some products are reached by two ways.
    assert!((2_900..=3_000).contains(&all.len()), "{}", all.len());
    let n = 20_000;
    let mut drawn: Vec<f64> = lucks(n).map(|luck| work.factor(luck)).collect();
    drawn.sort_by(f64::total_cmp);
    let (mut below, mut farthest) = (0.0, 0.0_f64);
    for (share, factor) in &all {
        below += share;
        let seen = drawn.partition_point(|own| *own <= factor * (1.0 + 1e-12)) as f64 / n as f64;
        farthest = farthest.max((seen - below).abs());
    }
    assert!(farthest < 1.95 / (n as f64).sqrt(), "{farthest}");
    let few = work.points(64);
    assert!((32..=66).contains(&few.len()) && few.is_sorted_by(|a, b| a.1 < b.1), "{}", few.len());
    let mean = |points: &[Weighted<f64>]| points.iter().map(|(share, factor)| share * factor).sum::<f64>();
    assert_relative_eq!(mean(&few), work.mean(), max_relative = 1e-12);
    assert_relative_eq!(few.iter().map(|point| point.0).sum::<f64>(), 1.0, max_relative = 1e-12);
}

/// The same request has the same shape wherever it goes: on a GPU type with another law and another fixed share too.
#[test]
fn a_request_has_one_shape_everywhere() {
    let slow = ShapeLaw { fixed_share: 0.4, ..LINEAR };
    let service = |seconds, law: &ShapeLaw| Service {
        law: Law::Deterministic { seconds },
        work: Some(Arc::new(Work::of(&independent(), &REFERENCE, law))),
    };
    let (fast, slow) = (service(10.0, &LINEAR), service(30.0, &slow));
    let requests: Vec<Request> =
        lucks(3_000).map(|luck| Request { at: SimTime::START, luck, quantile: Quantile(luck.0 as u32) }).collect();
    let here: Vec<Arrival> = Arrival::of(&requests, &fast, 0).collect();
    let there = Arrival::of(&requests, &slow, 0);
    for ((request, here), there) in requests.iter().zip(&here).zip(there) {
        let work = |arrival: &Arrival, seconds: f64, fixed: f64| {
            (arrival.service.as_secs_f64() / seconds - fixed) / (1.0 - fixed)
        };
        assert_relative_eq!(work(here, 10.0, 0.1), work(&there, 30.0, 0.4), max_relative = 1e-8);
        // One by one or a block at a time it is the same.
        assert_eq!(here.service, fast.span(request.quantile, request.luck));
        assert!(here.service <= fast.longest());
    }
    assert!(here.iter().any(|arrival| arrival.service == fast.longest()));
}
