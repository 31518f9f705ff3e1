//! The traffic of the first part, fitted, and drawn on into the second.

use fleetfront_workloads::TimeZoneError;
use fleetfront_workloads::describe::{DescribeError, DescribeOptions, Describer, Description, Origin};
use fleetfront_workloads::fit::{CurveKind, Expected, TrafficFit, level_since_s};

use rayon::prelude::*;

use super::days::Period;
use super::numbers::{BacktestSubject, DayCurves};

const SECOND_NS: i64 = 1_000_000_000;
const HOUR_S: i64 = 3600;
/// Keeps the draws of the second part apart from those of the first.
const SECOND_PART: u64 = 0x0062_6163_6B74_6573;

/// First parts that are drawn and fitted anew: what the first part leaves open takes no more, and each takes a fit.
const REFITS: u32 = 40;

/// When requests of which model came, in order: nanoseconds since 1970, and the model's place among the names.
pub(crate) type Stamps = Vec<(i64, u32)>;

/// What a forecast is made of.
#[derive(Debug, Clone)]
pub(crate) struct Forecast {
    zone: String,
    /// Of the models, by their places in stamps.
    names: Vec<String>,
    resolution_ns: i64,
    /// What is fitted: from the day on which the level became what it is.
    from_s: i64,
    split_s: i64,
    until_s: i64,
    fits: Vec<(String, TrafficFit)>,
    /// What other first parts would have told.
    refits: Vec<Vec<(String, TrafficFit)>>,
    /// The daily curves of the second part by what is fitted.
    pub(crate) curves: DayCurves,
}

impl Forecast {
    /// Fits the traffic of the first part; where its level changed for good, that of the days since.
    ///
    /// - `stamps`: of the first part.
    /// - `(seed, worlds)`: what is drawn later, and for how many worlds.
    ///
    /// # Errors
    /// [`TimeZoneError`] when the zone is unknown.
    pub(crate) fn of(
        stamps: &Stamps,
        names: &[String],
        (zone, resolution_ns): (&str, i64),
        [first, second]: &[Period; 2],
        (seed, worlds): (u64, u32),
    ) -> Result<Self, TimeZoneError> {
        let mut forecast = Self {
            zone: zone.to_owned(),
            names: names.to_vec(),
            resolution_ns: resolution_ns.max(1),
            from_s: first.start_ns() / SECOND_NS,
            split_s: first.end_ns() / SECOND_NS,
            until_s: second.end_ns() / SECOND_NS,
            fits: Vec::new(),
            refits: Vec::new(),
            curves: DayCurves::new(),
        };
        let since_s = level_since_s(&forecast.described(stamps)?.0).filter(|since_s| *since_s < forecast.split_s);
        forecast.from_s = since_s.unwrap_or(forecast.from_s);
        forecast.fits = forecast.fitted(stamps)?;
        forecast.curves = forecast.day_curves(second)?;
        let refit = |draw: u32| {
            let stretch_s = (forecast.from_s, forecast.split_s);
            let refit = forecast.fitted(&forecast.drawn(&forecast.fits, stretch_s, (seed, draw))?)?;
            // A first part without a request tells nothing: then the fit itself is drawn from.
            Ok(if refit.is_empty() { forecast.fits.clone() } else { refit })
        };
        forecast.refits = (0..worlds.min(REFITS)).into_par_iter().map(refit).collect::<Result<_, TimeZoneError>>()?;
        Ok(forecast)
    }

    /// Requests a day of a model at the end of the first part.
    pub(crate) fn requests_per_day(&self, name: &str) -> f64 {
        self.fits.iter().find(|(own, _)| own == name).map_or(0.0, |(_, fit)| fit.requests_per_day)
    }

    /// One draw of the second part, with what the first leaves open: a first part is drawn from the fit and fitted in turn, and
    /// the second drawn from that (a parametric bootstrap; Davison and Hinkley 1997, *Bootstrap Methods and their Application*,
    /// 6.3.3).
    pub(crate) fn draw(&self, seed: u64, draw: u32) -> Result<Stamps, TimeZoneError> {
        let fits = &self.refits[draw as usize % self.refits.len()];
        self.drawn(fits, (self.split_s, self.until_s), (seed ^ SECOND_PART, draw))
    }

    /// Of all models together and, of several, of each that is fitted: with the level, the weekdays and the growth that every
    /// draw of the second part has.
    fn day_curves(&self, second: &Period) -> Result<DayCurves, TimeZoneError> {
        let mut curves = DayCurves::new();
        for (name, fit) in &self.fits {
            let expected = Expected::new(fit, &self.zone, (self.split_s, self.until_s), self.split_s - HOUR_S)?;
            let own = (self.names.len() > 1).then(|| BacktestSubject::Model(name.clone()));
            for subject in own.into_iter().chain([BacktestSubject::Fleet]) {
                let curve = curves.entry(subject).or_insert([0.0; 24]);
                for hour in expected.hours() {
                    if let Some(place) = second.hour_of(hour.start_s * SECOND_NS) {
                        curve[place] += hour.per_second;
                    }
                }
            }
        }
        for curve in curves.values_mut() {
            let all: f64 = curve.iter().sum();
            *curve = curve.map(|hour| hour / all.max(f64::MIN_POSITIVE));
        }
        Ok(curves)
    }

    fn drawn(
        &self,
        fits: &[(String, TrafficFit)],
        stretch_s: (i64, i64),
        address: (u64, u32),
    ) -> Result<Stamps, TimeZoneError> {
        let mut stamps = Stamps::new();
        for (name, fit) in fits {
            let model = self.names.iter().position(|own| own == name).expect("a fit is that of a model") as u32;
            let expected = Expected::new(fit, &self.zone, stretch_s, self.split_s - HOUR_S)?;
            expected.draw(address, name, |since_ns| {
                let at_ns = stretch_s.0 * SECOND_NS + since_ns.cast_signed();
                stamps.push((at_ns.div_euclid(self.resolution_ns) * self.resolution_ns, model));
            });
        }
        stamps.sort_unstable();
        Ok(stamps)
    }

    fn fitted(&self, stamps: &Stamps) -> Result<Vec<(String, TrafficFit)>, TimeZoneError> {
        let (whole, of_models) = self.described(stamps)?;
        let Ok(fit) = TrafficFit::of(&whole, CurveKind::Steps) else { return Ok(Vec::new()) };
        if self.names.len() == 1 {
            return Ok(vec![(self.names[0].clone(), fit)]);
        }
        Ok(TrafficFit::of_models(&fit, &of_models, CurveKind::Steps))
    }

    /// All models together, and each by itself, over the stretch that is fitted.
    fn described(&self, stamps: &Stamps) -> Result<(Description, Vec<(String, Description)>), TimeZoneError> {
        let options = DescribeOptions {
            origin: Origin::Hour,
            zone: self.zone.clone(),
            resolution_ns: self.resolution_ns,
            bin_s: None,
            end_ns: Some(self.split_s * SECOND_NS),
        };
        let empty = || {
            let mut describer = Describer::new(options.clone()).map_err(|error| match error {
                DescribeError::Zone(error) => error,
                error => panic!("the options are those of a log that was read: {error}"),
            })?;
            // Observed from the beginning to the end, with or without a request there.
            describer.push(self.from_s * SECOND_NS, 0, 0);
            Ok(describer)
        };
        let mut whole = empty()?;
        let mut own = (0..self.names.len()).map(|_| empty()).collect::<Result<Vec<_>, TimeZoneError>>()?;
        for (at_ns, model) in stamps.iter().filter(|(at_ns, _)| *at_ns >= self.from_s * SECOND_NS) {
            whole.push(*at_ns, *model, 1);
            own[*model as usize].push(*at_ns, 0, 1);
        }
        let of_model = |(name, own): (&String, Describer)| (name.clone(), own.finish(std::slice::from_ref(name)));
        Ok((whole.finish(&self.names), self.names.iter().zip(own).map(of_model).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Poisson traffic of 240 a day for 4 days: the next 4 have 960 in the mean, with the luck of both parts a standard deviation
    /// of sqrt(2 x 960) = 44 (and a little more for the curve).
    #[test]
    fn a_forecast_holds_the_luck_of_both_parts() {
        let day_ns = 86_400 * SECOND_NS;
        let start_ns = 1_767_571_200 * SECOND_NS;
        let edges = |from: i64| (0..=4).map(|day| start_ns + (from + day) * day_ns).collect();
        let period = |from: i64| Period { dates: vec![String::new(); 4], edges_ns: edges(from) };
        let names = ["a".to_owned()];
        let luck = |k: u32| fleetfront_sim::Luck(3).child(k).uniform(0, 0);
        let mut stamps: Stamps = (0..960).map(|k| (start_ns + (luck(k) * 4.0 * day_ns as f64) as i64, 0)).collect();
        stamps.sort_unstable();
        let parts = [period(0), period(4)];
        let forecast = Forecast::of(&stamps, &names, ("UTC", 1_000_000), &parts, (1, 150)).expect("a zone");
        assert!((forecast.requests_per_day("a") - 240.0).abs() < 15.0, "{}", forecast.requests_per_day("a"));
        let counts: Vec<f64> = (0..150)
            .map(|draw| {
                let drawn = forecast.draw(1, draw).expect("a zone");
                assert!(drawn.iter().all(|(at_ns, _)| parts[1].holds(*at_ns)));
                drawn.len() as f64
            })
            .collect();
        let mean = counts.iter().sum::<f64>() / 150.0;
        let sd = (counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 149.0).sqrt();
        assert!((mean - 960.0).abs() < 45.0, "{mean}");
        // As many in every hour, but for the luck of the first part: a standard deviation of sqrt(1 / 40) an hour.
        let curve = forecast.curves[&BacktestSubject::Fleet];
        assert!((curve.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{curve:?}");
        assert!(curve.iter().all(|hour| (hour * 24.0 - 1.0).abs() < 4.0 / 40f64.sqrt()), "{curve:?}");
        assert!((36.0..75.0).contains(&sd), "{sd}");
    }
}
