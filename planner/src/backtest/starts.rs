//! Starts of containers in a log: each is told once.

use std::collections::BTreeMap;

use super::SeenRequest;

/// Fewest calls of a model of which it is told whether they repeat a start, and the share that has to.
const REPEATED: (usize, f64) = (20, 0.9);

/// Keeps the start of each container at the first of its calls that tells it: a log may repeat it on every call.
///
/// Returns how many were left out.
pub(super) fn tell_once(requests: &mut [SeenRequest]) -> u64 {
    let began_ns = |request: &SeenRequest| request.at_ns + (request.wait_s.unwrap_or(0.0) * 1e9).round() as i64;
    let mut first: BTreeMap<u32, (i64, usize)> = BTreeMap::new();
    for (place, request) in requests.iter().enumerate() {
        if let (Some(container), true) = (request.container, request.startup_s.is_some()) {
            let own = (began_ns(request), place);
            let known = first.entry(container).or_insert(own);
            *known = own.min(*known);
        }
    }
    let mut left_out = 0;
    for (place, request) in requests.iter_mut().enumerate() {
        let Some(container) = request.container.filter(|_| request.startup_s.is_some()) else { continue };
        if first[&container].1 != place {
            request.startup_s = None;
            left_out += 1;
        }
    }
    left_out
}

/// Models nearly all of whose calls tell the same start as the one before, where no column names containers: one container
/// may have served them all.
pub(super) fn repeated(requests: &[SeenRequest], models: &[String]) -> Vec<String> {
    let is_repeated = |model: usize| {
        let own: Vec<Option<f64>> =
            requests.iter().filter(|of| of.model == model && of.container.is_none()).map(|of| of.startup_s).collect();
        let same = own.windows(2).filter(|pair| pair[0].is_some() && pair[0] == pair[1]).count();
        own.len() >= REPEATED.0 && same as f64 >= REPEATED.1 * (own.len() - 1) as f64
    };
    (0..models.len()).filter(|model| is_repeated(*model)).map(|model| models[model].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(at_s: i64, wait_s: f64, container: Option<u32>, startup_s: Option<f64>) -> SeenRequest {
        SeenRequest {
            at_ns: at_s * 1_000_000_000,
            model: 0,
            wait_s: Some(wait_s),
            executed_s: None,
            startup_s,
            container,
            is_ok: None,
        }
    }

    /// The second call of container 0 came first and began last.
    #[test]
    fn a_container_starts_once_with_the_call_that_began_first() {
        let mut all = [
            request(0, 40.0, Some(0), Some(20.0)),
            request(1, 20.0, Some(0), Some(20.0)),
            request(2, 0.0, Some(1), None),
            request(90, 0.0, Some(0), Some(20.0)),
            request(95, 30.0, Some(1), Some(7.0)),
        ];
        assert_eq!(tell_once(&mut all), 2);
        assert_eq!(all.map(|of| of.startup_s), [None, Some(20.0), None, None, Some(7.0)]);
        let mut nameless = [request(0, 0.0, None, Some(3.0)), request(9, 0.0, None, Some(3.0))];
        assert_eq!((tell_once(&mut nameless), nameless[1].startup_s), (0, Some(3.0)));
    }

    #[test]
    fn the_same_start_call_after_call_is_told() {
        let models = ["a".to_owned()];
        let all = |n: i64, startup: fn(i64) -> f64| -> Vec<SeenRequest> {
            (0..n).map(|k| request(k, 0.0, None, Some(startup(k)))).collect()
        };
        assert_eq!(repeated(&all(40, |k| 20.0 + (k / 20) as f64), &models), ["a"]);
        assert!(repeated(&all(40, |k| 20.0 + k as f64), &models).is_empty());
        assert!(repeated(&all(10, |_| 20.0), &models).is_empty());
    }
}
