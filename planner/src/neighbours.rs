//! Which points of a frontier cannot be told apart: by paired t tests, because all were simulated on the same requests.

use crate::statistics::t_factor;

/// How sure a difference must be (two-sided, each by itself).
const CONFIDENCE: f64 = 0.95;

/// A point with what it comes to in each section.
pub(crate) struct Sectioned<'a> {
    /// Latency as it is reported.
    pub(crate) latency: f64,
    pub(crate) cost_sections: &'a [f64],
    pub(crate) latency_sections: &'a [f64],
}

/// For each point the places of its neighbours that neither cost nor latency tells from it, nearest first on either
/// side; none lies beyond one that can be told from it.
///
/// - `points`: those of one frontier, in its order.
pub(crate) fn indistinguishable(points: &[Sectioned<'_>]) -> Vec<Vec<usize>> {
    let alike = |a: usize, b: usize| !is_told_from(&points[a], &points[b]);
    let of = |own: usize| {
        let before = (0..own).rev().take_while(|other| alike(own, *other));
        let after = (own + 1..points.len()).take_while(|other| alike(own, *other));
        let mut all: Vec<usize> = before.chain(after).collect();
        all.sort_unstable();
        all
    };
    (0..points.len()).map(of).collect()
}

fn is_told_from(a: &Sectioned<'_>, b: &Sectioned<'_>) -> bool {
    let costs = differences(a.cost_sections, b.cost_sections);
    let latencies = differences(a.latency_sections, b.latency_sections);
    let mean = costs.iter().sum::<f64>() / costs.len() as f64;
    is_clear(mean, &costs) || is_clear(a.latency - b.latency, &latencies)
}

fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Whether luck cannot explain a difference that varies so from section to section.
fn is_clear(difference: f64, sections: &[f64]) -> bool {
    let n = sections.len() as f64;
    let mean = sections.iter().sum::<f64>() / n;
    let variance = sections.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    difference.abs() > t_factor(sections.len(), CONFIDENCE) * (variance / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, with five sections and t = 2.776: a difference of 1.0 whose sections scatter by +-0.5 (standard
    /// deviation 0.5, error 0.2236) is clear above 0.62; one of 0.4 is not.
    #[test]
    fn only_what_luck_may_explain_is_alike() {
        let scattered = |mean: f64, by: f64| -> Vec<f64> {
            [-1.0, 1.0, 0.0, 1.0, -1.0].iter().map(|sign| mean + by * sign).collect()
        };
        // What moves all sections alike moves no difference.
        let flat = scattered(10.0, 3.0);
        let moved = |by: f64, noise: f64| -> Vec<f64> {
            let noise = scattered(by, noise);
            flat.iter().zip(&noise).map(|(a, b)| a + b).collect()
        };
        let (cost, latency): (Vec<_>, Vec<_>) = [
            (moved(0.0, 0.0), moved(0.0, 0.0)),
            (moved(0.4, 0.5), moved(-0.4, 0.5)),
            (moved(1.0, 0.5), moved(-0.4, 0.5)),
            (moved(5.0, 0.0), moved(-5.0, 0.0)),
        ]
        .into_iter()
        .unzip();
        let point = |(cost, latency): (&Vec<f64>, &Vec<f64>)| latency.iter().sum::<f64>() / cost.len() as f64;
        let latencies: Vec<f64> = cost.iter().zip(&latency).map(point).collect();
        let points: Vec<Sectioned<'_>> = (0..4)
            .map(|k| Sectioned { latency: latencies[k], cost_sections: &cost[k], latency_sections: &latency[k] })
            .collect();
        // The third differs clearly in cost from the first, not from the second: 0.6 that never scatters is clear too.
        assert_eq!(indistinguishable(&points), [vec![1], vec![0], vec![], vec![]]);
    }

    #[test]
    fn equal_points_are_alike_and_one_section_tells_nothing() {
        let sections = [1.0, 2.0, 3.0];
        let same = || Sectioned { latency: 2.0, cost_sections: &sections, latency_sections: &sections };
        assert_eq!(indistinguishable(&[same(), same(), same()]), [vec![1, 2], vec![0, 2], vec![0, 1]]);
        let (one, other) = ([1.0], [9.0]);
        let far = [(1.0, &one), (9.0, &other)].map(|(latency, at)| Sectioned {
            latency,
            cost_sections: at,
            latency_sections: at,
        });
        assert_eq!(indistinguishable(&far), [vec![1], vec![0]]);
    }
}
