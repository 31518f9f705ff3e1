//! Random factors on the rate: how strongly and how long the traffic departs from its curve.
//!
//! For a rate that is the curve times a stationary factor of mean 1 with covariance C(lag), counts in windows of length w
//! have the index of dispersion 1 + mu V(w), where mu is the expected count and V(w) the variance of the factor's mean
//! over the window (Cox and Isham 1980, *Point Processes*). V is measured at many lengths; a sum of a constant (the
//! day's luck) and exponentials of a few correlation times is fitted to it, and taken for the product of independent
//! factors that has nearly that covariance.

use serde::{Deserialize, Serialize};

use super::chance::{Chance, is_beyond_chance};
use super::curve::FittedCurve;
use super::days::{Hour, Hours};
use super::events::Events;
use super::marks::{Marked, is_marked};
use super::sessions::Followers;
use crate::describe::{Description, Half};

const HOUR_S: f64 = 3600.0;
const DAY_S: f64 = 24.0 * HOUR_S;
/// Correlation times that are tried, in seconds: each 2.2 times the one before, from the shortest that stamps of a second
/// show to what a day's luck covers.
const CORRELATIONS_S: [f64; 13] =
    [1.5, 3.3, 7.3, 16.0, 35.0, 77.0, 170.0, 374.0, 823.0, 1800.0, 4000.0, 8800.0, 19_000.0];
/// Most factors besides the day's.
const MOST: usize = 4;
/// Largest shape of the gaps' law, gaps that differ by three per cent: what is more even is a clock.
const SHAPE_MAX: f64 = 1000.0;
/// No index of dispersion is trusted to better than this: the model is none of nature's.
const LEAST_ERROR: f64 = 0.03;
/// By so much a further factor has to improve the weighted squares: Akaike's price of its two parameters.
const PRICE: f64 = 4.0;
/// The same of the day's luck, which has one.
const DAY_PRICE: f64 = 2.0;
/// Rates that vary explain a log where the weighted squares left are fewer than so many times the numbers measured: these
/// are not independent, and a log has one luck.
const ADEQUATE: f64 = 4.0;
/// The price of sessions: of three parameters, and of being the best of hundreds that are tried.
const SESSION_PRICE: f64 = 20.0;
/// Busy hours tell something that quiet ones do not from so many times their requests on.
const DIFFERENT: f64 = 1.4;
/// Longest mean length of a session, in seconds: longer ones would smear the hours of the curve.
const SESSION_MAX_S: f64 = 1500.0;
/// So many of the most promising sessions are tried with all factors.
const PROMISING: usize = 12;
/// Dispersion below this at every length is more even than chance.
const EVEN: f64 = 0.85;

/// A gamma factor with mean 1 that is drawn anew at the points of a Poisson process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// Its coefficient of variation.
    pub cv: f64,
    /// Mean time between two draws, in seconds: its autocorrelation is exp(-lag / correlation).
    pub correlation_s: f64,
}

/// The relative variance of the rate's mean over windows, as it is and as the model has it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FittedDispersion {
    /// Length of the windows, in seconds.
    pub window_s: f64,
    /// Up to an hour: index of dispersion about each hour's own mean. From an hour on: about the curve.
    pub log: f64,
    /// The same of the model.
    pub model: f64,
}

/// The factors of a log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Factors {
    pub(super) day_cv: f64,
    pub(super) bursts: Vec<Burst>,
    pub(super) events: Events,
    pub(super) dispersion: Vec<FittedDispersion>,
}

/// A measured index of dispersion, as a linear function of the covariance's parts.
#[derive(Debug, Clone, Copy)]
struct Measured {
    window_s: f64,
    dispersion: f64,
    /// The index is 1 + `scale` x (V(window) - V(about)).
    scale: f64,
    /// The length of what the mean was taken over; none where it is the curve's.
    about_s: Option<f64>,
    /// Its standard error.
    error: f64,
}

/// A covariance: a constant within a day, and exponentials.
#[derive(Debug, Clone, Default, PartialEq)]
struct Covariance {
    day: f64,
    parts: Vec<(f64, f64)>,
}

/// The factors that a log's dispersion asks for: none where counts scatter no more than by chance.
///
/// - `level`: how often a log whose requests come by chance may get some.
pub(super) fn fit(log: &Description, hours: &Hours, curve: &FittedCurve, marked: &[Marked], level: f64) -> Factors {
    let kept: Vec<Hour> = hours.hours.iter().copied().filter(|hour| !is_marked(marked, hour)).collect();
    let measured = measured(log, hours, &kept, curve);
    let events = Events::sparse(log).or_else(|| evenness(&measured.whole).map(even));
    let found = match events {
        Some(events) => Found { events, ..Found::default() },
        None if is_beyond_chance(&measured.by_chance, level) => best(&measured),
        None => Found::default(),
    };
    let measured = measured.whole;
    let dispersion = measured
        .iter()
        .map(|of| FittedDispersion {
            window_s: of.window_s,
            log: of.dispersion,
            model: found.events.dispersion() + found.excess(of) + of.scale * found.covariance.seen(of),
        })
        .collect();
    let (day_cv, bursts) = found.covariance.factors();
    Factors { day_cv, bursts, events: found.events, dispersion }
}

/// The shape of the gaps' law where requests come more evenly than by chance: counts of a renewal process have the squared
/// coefficient of variation of its gaps as their dispersion in long windows (Cox 1962, *Renewal Theory*).
fn evenness(measured: &[Measured]) -> Option<f64> {
    // In windows that are short against the gaps everything looks like chance.
    let told: Vec<&Measured> = measured.iter().filter(|of| of.about_s.is_some() && of.dispersion < 1.5).collect();
    let least = told.iter().map(|of| of.dispersion + 2.0 * of.error).fold(f64::INFINITY, f64::min);
    let most = measured.iter().filter(|of| of.about_s.is_some()).map(|of| of.dispersion - of.error).fold(0.0, f64::max);
    (least < EVEN && most < 1.0).then(|| {
        let least = told.iter().map(|of| of.dispersion).fold(f64::INFINITY, f64::min);
        (1.0 / least.max(f64::MIN_POSITIVE)).max(1.0)
    })
}

fn even(shape: f64) -> Events {
    if shape > SHAPE_MAX { Events::clock() } else { Events::even(shape) }
}

/// What is known of the dispersion, shortest windows first.
#[derive(Debug, Clone, Default)]
struct Dispersions {
    /// Of all hours.
    whole: Vec<Measured>,
    /// Of the quieter and the busier hours, where these are told apart: the first have sessions as the others have.
    by_half: Vec<Measured>,
    /// How probable each of all hours is, or a larger one, where requests come by chance.
    by_chance: Vec<f64>,
}

/// Everything that is known of the dispersion.
fn measured(log: &Description, hours: &Hours, kept: &[Hour], curve: &FittedCurve) -> Dispersions {
    let mut measured = Dispersions::default();
    let total: f64 = kept.iter().map(|hour| hour.requests).sum();
    // Pairs of requests an hour: the mean count that a request sees, without itself.
    let pairs: f64 = kept.iter().map(|hour| hour.requests * (hour.requests - 1.0)).sum();
    for of in &log.dispersion {
        let window_s = of.window_s as f64;
        let (dispersion, about_s, seen) = match of.local {
            Some(local) if total > 0.0 && kept.len() > 1 => {
                // Hours with much traffic are seen more often: that is their luck too.
                let luck = 1.0 + super::marks::relative_variance(kept, curve);
                (local, HOUR_S, pairs / total / HOUR_S / luck)
            }
            _ if kept.len() <= 1 => (of.raw.unwrap_or(1.0), log.span_s, log.mean_rate_per_s.unwrap_or(0.0)),
            _ => continue,
        };
        let parts = about_s / window_s;
        if parts < 2.0 || seen <= 0.0 {
            continue;
        }
        let part = |dispersion: f64, seen: f64, error: f64| Measured {
            window_s,
            dispersion,
            scale: seen * window_s * parts / (parts - 1.0),
            about_s: Some(about_s),
            error: error.max(LEAST_ERROR * dispersion.max(0.1)),
        };
        let by_chance = dispersion * (2.0 / of.windows as f64).sqrt();
        measured.whole.push(part(dispersion, seen, of.local_error.unwrap_or(by_chance)));
        let chance = if kept.len() > 1 {
            // What is marked is in these indices, too.
            Chance::within_hours(hours.hours.iter().map(|hour| (hour.requests, curve.slope(hour))), parts)
        } else {
            Chance::within_hours(std::iter::once((log.requests as f64, 0.0)), parts)
        };
        measured.by_chance.extend(chance.map(|chance| chance.exceeds(dispersion)));
        let of_half = |half: Half| {
            let seen = half.others_per_hour * seen / (pairs / total);
            part(half.dispersion, seen, half.error)
        };
        let differ = |halves: &[Half; 2]| halves[1].others_per_hour > DIFFERENT * halves[0].others_per_hour;
        let halves = of.halves.filter(differ).filter(|_| kept.len() > 1);
        measured.by_half.extend(halves.into_iter().flatten().map(of_half));
    }
    let rows = |hours_of: usize| kept.chunks(hours_of).filter(move |chunk| is_row(chunk, hours_of));
    let days = kept.chunk_by(|a, b| a.day == b.day).filter(|day| day.len() >= 23);
    let slow = [about_curve(rows(1), curve, 1), about_curve(rows(4), curve, 4), about_curve(days, curve, 24)];
    for (of, by_chance) in slow.into_iter().flatten() {
        measured.whole.push(of);
        measured.by_chance.push(by_chance);
        if !measured.by_half.is_empty() {
            measured.by_half.push(of);
        }
    }
    measured
}

/// Whether hours follow each other without a gap.
fn is_row(hours: &[Hour], wanted: usize) -> bool {
    hours.len() == wanted && hours.windows(2).all(|pair| pair[1].start_s - pair[0].start_s == 3600)
}

/// The dispersion of windows of some hours about the curve, and how probable it is by chance; none where there are too
/// few of them to tell.
fn about_curve<'a>(
    windows: impl Iterator<Item = &'a [Hour]>,
    curve: &FittedCurve,
    hours_of: usize,
) -> Option<(Measured, f64)> {
    let counts: Vec<(f64, f64)> = windows
        .map(|hours| {
            let requests: f64 = hours.iter().map(|hour| hour.requests).sum();
            (requests, hours.iter().map(|hour| curve.expected(hour)).sum::<f64>())
        })
        .collect();
    let n = counts.len() as f64;
    // What the curve took for itself: all of its parameters where windows are hours, those of its levels where they are
    // days.
    let degrees = n - if hours_of < 24 { curve.parameters / hours_of as f64 } else { curve.levels_parameters };
    if degrees < 2.0 {
        return None;
    }
    let squares: f64 = counts.iter().map(|(requests, expected)| (requests - expected).powi(2)).sum();
    let expected: f64 = counts.iter().map(|(_, expected)| expected).sum();
    let scale = counts.iter().map(|(_, expected)| expected * expected).sum::<f64>() / expected;
    let dispersion = squares / expected * n / degrees;
    // How the windows scatter about the ratio of sums (delta method): counts of rates that vary have long tails.
    let ratio = squares / expected;
    let scattered =
        counts.iter().map(|(requests, expected)| ((requests - expected).powi(2) - ratio * expected).powi(2));
    let error = scattered.sum::<f64>().sqrt() / expected;
    let by_chance = Chance::about_curve(counts.iter().map(|(_, expected)| *expected), degrees / n).exceeds(dispersion);
    let error = error.max(dispersion.max(0.1) * LEAST_ERROR.max((2.0 / degrees).sqrt()));
    let measured = Measured { window_s: hours_of as f64 * HOUR_S, dispersion, scale, about_s: None, error };
    (expected > 0.0).then_some((measured, by_chance))
}

/// The variance of the mean over a window of a factor with variance 1 and this correlation time.
fn persistence(window_s: f64, correlation_s: f64) -> f64 {
    let x = window_s / correlation_s;
    if x < 1e-4 { 1.0 - x / 3.0 } else { 2.0 / x * (1.0 + (-x).exp_m1() / x) }
}

impl Measured {
    /// What a part of the covariance with variance 1 adds to the index of dispersion; none of the times is the day's luck.
    fn of_part(&self, correlation_s: Option<f64>) -> f64 {
        let of_window = |window_s: f64| match correlation_s {
            Some(correlation_s) => persistence(window_s, correlation_s),
            // Constant within the day.
            None => (DAY_S / window_s).min(1.0),
        };
        self.scale * (of_window(self.window_s) - self.about_s.map_or(0.0, of_window))
    }
}

impl Measured {
    /// What sessions add, given what they add in windows of a length in seconds: the mean of the hour takes some of it.
    fn excess(&self, of_window: impl Fn(f64) -> f64) -> f64 {
        let own = of_window(self.window_s);
        self.about_s.map_or(own, |about_s| {
            let windows = about_s / self.window_s;
            (own - of_window(about_s) / windows) * windows / (windows - 1.0)
        })
    }
}

impl Covariance {
    /// V(window) - V(about).
    fn seen(&self, of: &Measured) -> f64 {
        let parts = self.parts.iter().map(|(variance, correlation_s)| variance * of.of_part(Some(*correlation_s)));
        (parts.sum::<f64>() + self.day * of.of_part(None)) / of.scale
    }

    /// Independent factors whose product has nearly this covariance: a factor that changes faster is multiplied with the
    /// slower ones, so that its part of the covariance is (1 + the slower ones' variances) times its own variance.
    fn factors(&self) -> (f64, Vec<Burst>) {
        let mut parts = self.parts.clone();
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut slower = 1.0 + self.day;
        let bursts = parts.into_iter().map(|(part, correlation_s)| {
            let variance = part / slower;
            slower *= 1.0 + variance;
            Burst { cv: variance.sqrt(), correlation_s }
        });
        (self.day.sqrt(), bursts.collect())
    }
}

/// What was found.
#[derive(Debug, Clone)]
struct Found {
    events: Events,
    covariance: Covariance,
    /// What sessions add to the index of dispersion, by the place of what was measured.
    session: Option<(Followers, f64)>,
    /// Weighted squares that are left, and the price of the parameters.
    squares: f64,
}

impl Default for Found {
    fn default() -> Self {
        Self { events: Events::POISSON, covariance: Covariance::default(), session: None, squares: f64::INFINITY }
    }
}

impl Found {
    /// What its sessions add to the index of dispersion.
    fn excess(&self, of: &Measured) -> f64 {
        self.session.as_ref().map_or(0.0, |(followers, think_s)| of.excess(|w_s| followers.excess(w_s / think_s)))
    }
}

/// Sessions or not, and the fewest correlation times that explain what was measured.
fn best(measured: &Dispersions) -> Found {
    let without = |of: &[Measured]| {
        best_covariance(of, &of.iter().map(|of| of.dispersion - 1.0).collect::<Vec<_>>(), (MOST, 0.0))
    };
    let (squares, covariance) = without(&measured.whole);
    let found = Found { covariance, squares, ..Found::default() };
    // Sessions are told from rates that vary by quiet and busy hours.
    if measured.by_half.is_empty() {
        return found;
    }
    let (squares, _) = without(&measured.by_half);
    if squares < ADEQUATE * measured.by_half.len() as f64 {
        return found;
    }
    with_sessions(&measured.by_half, squares).unwrap_or(found)
}

/// Sessions, and the fewest correlation times beside them; none where these weighted squares are not reached.
fn with_sessions(measured: &[Measured], squares: f64) -> Option<Found> {
    let mut best = Found { squares, ..Found::default() };
    let mut tried: Vec<(f64, Followers, f64)> = Vec::new();
    for followers in Followers::all() {
        for think_s in Followers::THINK_S {
            let length_s = followers.length_s(think_s);
            if length_s <= SESSION_MAX_S {
                let (squares, _) = best_covariance(measured, &left(measured, &followers, think_s), (1, length_s));
                tried.push((squares, followers.clone(), think_s));
            }
        }
    }
    tried.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, followers, think_s) in tried.into_iter().take(PROMISING) {
        let slowest = (MOST - 1, followers.length_s(think_s));
        let (squares, covariance) = best_covariance(measured, &left(measured, &followers, think_s), slowest);
        let squares = squares + SESSION_PRICE;
        if squares < best.squares {
            let events = Events::sessions(followers.session(think_s));
            best = Found { events, covariance, session: Some((followers, think_s)), squares };
        }
    }
    best.session.is_some().then_some(best)
}

/// What sessions leave of the dispersion to be explained.
fn left(measured: &[Measured], followers: &Followers, think_s: f64) -> Vec<f64> {
    measured.iter().map(|of| of.dispersion - 1.0 - of.excess(|w_s| followers.excess(w_s / think_s))).collect()
}

/// The covariance with the fewest correlation times that explains what is wanted, and the weighted squares that are left
/// with the price of its parameters.
///
/// - `most`: how many correlation times, and the shortest: what sessions begin by changes no faster than they last.
fn best_covariance(measured: &[Measured], wanted: &[f64], most: (usize, f64)) -> (f64, Covariance) {
    let mut best = (f64::INFINITY, Covariance::default());
    let slow: Vec<f64> = CORRELATIONS_S.into_iter().filter(|correlation_s| *correlation_s >= most.1).collect();
    for count in 0..=most.0.min(measured.len().saturating_sub(1)).min(slow.len()) {
        for_each_choice(slow.len(), count, &mut |chosen| {
            for has_day in [false, true] {
                let day = has_day.then_some(None);
                let times: Vec<Option<f64>> = day.into_iter().chain(chosen.iter().map(|k| Some(slow[*k]))).collect();
                let (squares, variances) = least_squares(measured, wanted, &times);
                let squares = squares + PRICE * count as f64 + if has_day { DAY_PRICE } else { 0.0 };
                if squares < best.0 {
                    let of =
                        |time: Option<f64>| variances.iter().zip(&times).find(|(_, t)| **t == time).map(|(v, _)| *v);
                    let parts = times.iter().flatten().map(|t| (of(Some(*t)).unwrap_or(0.0), *t));
                    let parts = parts.filter(|(variance, _)| *variance > 0.0).collect();
                    best = (squares, Covariance { day: of(None).unwrap_or(0.0), parts });
                }
            }
        });
    }
    best
}

/// Calls with every choice of `count` of the numbers below `of`, ascending.
fn for_each_choice(of: usize, count: usize, each: &mut impl FnMut(&[usize])) {
    fn extend(of: usize, count: usize, chosen: &mut Vec<usize>, each: &mut impl FnMut(&[usize])) {
        if chosen.len() == count {
            each(chosen);
            return;
        }
        let first = chosen.last().map_or(0, |last| last + 1);
        for next in first..of {
            chosen.push(next);
            extend(of, count, chosen, each);
            chosen.pop();
        }
    }
    extend(of, count, &mut Vec::new(), each);
}

/// The variances, none of them negative, that come closest to what was measured in weighted squares, and these squares.
/// All sets of variances that are zero are tried: there are few.
fn least_squares(measured: &[Measured], wanted: &[f64], times: &[Option<f64>]) -> (f64, Vec<f64>) {
    let rows: Vec<Vec<f64>> =
        measured.iter().map(|of| times.iter().map(|t| of.of_part(*t) / of.error).collect()).collect();
    let wanted: Vec<f64> = measured.iter().zip(wanted).map(|(of, wanted)| wanted / of.error).collect();
    let squares = |variances: &[f64]| -> f64 {
        let of_row = |(row, wanted): (&Vec<f64>, &f64)| {
            (row.iter().zip(variances).map(|(x, v)| x * v).sum::<f64>() - wanted).powi(2)
        };
        rows.iter().zip(&wanted).map(of_row).sum()
    };
    let mut best = (squares(&vec![0.0; times.len()]), vec![0.0; times.len()]);
    for set in 1u32..1 << times.len() {
        let active: Vec<usize> = (0..times.len()).filter(|k| set >> k & 1 == 1).collect();
        let entry = |i: usize, j: usize| rows.iter().map(|row| row[i] * row[j]).sum::<f64>();
        let matrix = active.iter().map(|i| active.iter().map(|j| entry(*i, *j)).collect()).collect();
        let right =
            active.iter().map(|i| rows.iter().zip(&wanted).map(|(row, wanted)| row[*i] * wanted).sum()).collect();
        let Some(solved) = crate::describe::solve(matrix, right) else { continue };
        if solved.iter().any(|variance| *variance < 0.0) {
            continue;
        }
        let mut variances = vec![0.0; times.len()];
        active.iter().zip(&solved).for_each(|(k, variance)| variances[*k] = *variance);
        let own = squares(&variances);
        if own < best.0 {
            best = (own, variances);
        }
    }
    best
}
