use fleetfront_sim::{Law, StreamKey};
use rayon::prelude::*;

use super::*;
use crate::describe::{DescribeOptions, Describer, Origin};
use crate::process::Process;
use crate::rate::{Rate, RateSegment};
use crate::request_stream::RequestStream;
use crate::slow_rate::Scope;
use crate::testing::known_traffic;

const S: i64 = 1_000_000_000;
const DAY_S: i64 = 86_400;
/// Monday, 2026-03-02, 00:00 UTC.
const MONDAY_S: i64 = 1_772_409_600;

fn known(curve: Vec<f64>) -> TrafficFit {
    known_traffic(4000.0, curve)
}

/// Quiet nights.
fn daily() -> Vec<f64> {
    let weights: Vec<f64> = (0..24).map(|hour| if hour < 10 { 0.25 } else { 1.0 + 0.05 * f64::from(hour) }).collect();
    let mean = weights.iter().sum::<f64>() / 24.0;
    weights.iter().map(|weight| weight / mean).collect()
}

/// Requests of some days of a model, by second.
fn draw(model: &TrafficFit, days: i64) -> Vec<i64> {
    draw_number(0, model, days)
}

/// One of several such draws.
fn draw_number(number: u32, model: &TrafficFit, days: i64) -> Vec<i64> {
    let stretch_s = (MONDAY_S, MONDAY_S + days * DAY_S);
    let expected = Expected::new(model, "UTC", stretch_s, stretch_s.1).expect("a known zone");
    let mut stamps_s = Vec::new();
    expected.draw((3, number), "flux-dev", |since_ns| stamps_s.push(MONDAY_S + since_ns.cast_signed() / S));
    stamps_s
}

fn describe(stamps_s: &[i64], days: i64) -> Description {
    let end_ns = Some((MONDAY_S + days * DAY_S) * S);
    let options = DescribeOptions { origin: Origin::Hour, zone: "UTC".into(), resolution_ns: S, bin_s: None, end_ns };
    let mut describer = Describer::new(options).expect("legal options");
    describer.push(MONDAY_S * S, 0, 0);
    for at_s in stamps_s {
        describer.push(at_s * S, 0, 1);
    }
    describer.finish(&["flux-dev".to_owned()])
}

fn fit(model: &TrafficFit, days: i64) -> TrafficFit {
    TrafficFit::of(&describe(&draw(model, days), days), CurveKind::Steps).expect("a fit")
}

/// Whether a number is within a share of another.
#[track_caller]
fn assert_near(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found}, not {expected}");
}

#[test]
fn a_daily_curve_without_bursts_is_found() {
    let found = fit(&known(daily()), 14);
    assert_eq!((found.levels, found.shapes, found.curve.len()), (Grouping::Alike, Grouping::Alike, 24));
    assert_near(found.requests_per_day, 4000.0, 0.02);
    found.curve.iter().zip(daily()).for_each(|(found, expected)| assert_near(*found, expected, 0.15));
    assert!(found.bursts.iter().all(|burst| burst.cv < 0.1) && found.day_cv < 0.03, "{found:#?}");
    assert_eq!((found.events, &found.marked[..], found.growth_per_week), (Events::POISSON, &[][..], None));
}

/// Three days of few requests, drawn many times from a curve of two waves: the smooth curve is nearer to it than steps are.
#[test]
fn a_smooth_curve_is_told_from_less() {
    let wave = |k: f64, hour: i32| (std::f64::consts::TAU * k * f64::from(hour) / 24.0).sin();
    let rates: Vec<f64> = (0..24).map(|hour| (0.8 * wave(1.0, hour) + 0.3 * wave(2.0, hour - 3)).exp()).collect();
    let mean = rates.iter().sum::<f64>() / 24.0;
    let curve: Vec<f64> = rates.iter().map(|rate| rate / mean).collect();
    let model = TrafficFit { requests_per_day: 500.0, ..known(curve.clone()) };
    let squares = |kind: CurveKind| -> f64 {
        let of_log = |number: u32| {
            let found = TrafficFit::of(&describe(&draw_number(number, &model, 3), 3), kind).expect("a fit");
            assert_eq!(found.harmonics.is_some(), kind == CurveKind::Smooth);
            found.curve.iter().zip(&curve).map(|(found, expected)| (found - expected).powi(2)).sum::<f64>() / 24.0
        };
        (0..20).map(of_log).sum::<f64>() / 20.0
    };
    let (steps, smooth) = (squares(CurveKind::Steps), squares(CurveKind::Smooth));
    // An hour has 63 requests in three days: steps scatter by their Poisson variance. Five coefficients of 24 are left.
    assert_near(steps, 1.0 / 62.5, 0.2);
    assert!(smooth < 0.5 * steps, "{smooth}, {steps} of steps");
}

/// A wave of the week is there where the log has two weeks; its weekend is no step.
#[test]
fn a_smooth_curve_has_waves_of_the_week() {
    let rate = |hour: i32| {
        let day = std::f64::consts::TAU * f64::from(hour) / 24.0;
        (0.8 * day.sin() + 0.6 * (day / 7.0).cos()).exp()
    };
    let mean = (0..168).map(rate).sum::<f64>() / 168.0;
    let model = known((0..168).map(|hour| rate(hour) / mean).collect());
    let fit = |days: i64| TrafficFit::of(&describe(&draw(&model, days), days), CurveKind::Smooth).expect("a fit");
    let found = fit(28);
    let harmonics = found.harmonics.expect("a smooth curve");
    assert_eq!((harmonics.of_week, found.curve.len()), (1, 168));
    found.curve.iter().zip(&model.curve).for_each(|(found, expected)| assert_near(*found, *expected, 0.05));
    // An hour's wave is known by its start, half an hour before its middle.
    assert_near(harmonics.coefficients[1].hypot(harmonics.coefficients[2]), 0.8, 0.03);
    assert_eq!(fit(13).harmonics.expect("a smooth curve").of_week, 0);
}

#[test]
fn weekends_have_a_level_of_their_own() {
    let week = (0..168).map(|hour| daily()[hour % 24] * if hour >= 120 { 0.4 } else { 1.24 }).collect();
    let found = fit(&known(week), 21);
    assert_eq!((found.levels, found.shapes, found.curve.len()), (Grouping::Weekend, Grouping::Alike, 168));
    assert_near(found.curve[140] / found.curve[20], 0.4 / 1.24, 0.1);
}

#[test]
fn no_curve_is_made_of_luck() {
    assert_eq!(fit(&TrafficFit { requests_per_day: 200.0, ..known(vec![1.0; 24]) }, 7).curve, [1.0; 24]);
}

/// Busy and quiet stretches of an hour or two make hours that differ, and no curve.
#[test]
fn no_curve_is_made_of_luck_that_lasts_for_hours() {
    let bursts = vec![Burst { cv: 0.8, correlation_s: 4000.0 }];
    assert_eq!(fit(&TrafficFit { bursts: bursts.clone(), ..known(vec![1.0; 24]) }, 14).curve, [1.0; 24]);
    // The same luck does not hide a curve.
    let found = fit(&TrafficFit { bursts, ..known(daily()) }, 14).curve;
    assert!(found[4] < 0.5 && found[20] > 1.1, "{found:?}");
}

#[test]
fn a_rate_that_varies_slowly_is_found() {
    let bursts = vec![Burst { cv: 0.6, correlation_s: 1800.0 }];
    let found = fit(&TrafficFit { bursts, ..known(daily()) }, 28);
    assert_eq!(found.events.session, None);
    let variance: f64 = found.bursts.iter().map(|burst| burst.cv.powi(2)).sum();
    assert_near(variance.sqrt(), 0.6, 0.15);
    let time_s: f64 = found.bursts.iter().map(|burst| burst.cv.powi(2) * burst.correlation_s).sum::<f64>() / variance;
    assert!((900.0..3600.0).contains(&time_s), "{:#?}", found.bursts);
    for of in found.dispersion.iter().filter(|of| of.window_s < 3600.0) {
        assert_near(of.model, of.log, 0.12);
    }
}

/// Days, and requests a day: few requests for two weeks, and many for three days.
const SMALL: [(i64, f64); 2] = [(14, 300.0), (3, 5000.0)];

/// How many of so many logs get a random factor, sessions or gaps of their own.
fn departing(logs: u32, days: i64, stamps_s: impl Fn(u32) -> Vec<i64> + Sync) -> usize {
    let departs = |number: &u32| {
        !TrafficFit::of(&describe(&stamps_s(*number), days), CurveKind::Steps).expect("a fit").is_by_chance()
    };
    (0..logs).into_par_iter().filter(departs).count()
}

/// The level of the test is 5 %: 10 of 200 logs.
#[test]
fn requests_by_chance_get_no_random_factor() {
    for (days, requests_per_day) in SMALL {
        let model = TrafficFit { requests_per_day, ..known(daily()) };
        let number = departing(200, days, |number| draw_number(number, &model, days));
        assert!(number <= 10, "{number} of 200 logs of {days} days");
    }
}

/// The rate of people has no steps: what it rises by within the hour is not taken for bursts. 28 days make it count.
#[test]
fn a_rate_that_changes_within_the_hour_is_no_burst() {
    let days = 28;
    let five_minutes = |k: i64| {
        let of_day = k as f64 / 288.0 * std::f64::consts::TAU;
        RateSegment { start_s: 300.0 * k as f64, per_second: 5000.0 / DAY_S as f64 * (1.0 + 0.8 * of_day.sin()) }
    };
    let draw = |number: u32| {
        let rate = Rate::new((0..288 * days).map(five_minutes).collect(), (days * DAY_S) as f64);
        let mut stream = RequestStream::of_rate(rate, &Process::Poisson, 5, number, StreamKey::of("log"));
        let (mut block, mut stamps_s) = (Vec::new(), Vec::new());
        while stream.fill(&mut block) {
            stamps_s.extend(block.iter().map(|request| MONDAY_S + (request.at.0 / 1_000_000_000).cast_signed()));
        }
        stamps_s
    };
    let number = departing(40, days, draw);
    assert!(number <= 4, "{number} of 40 logs");
}

#[test]
fn random_factors_that_are_there_are_found() {
    let bursts = vec![Burst { cv: 0.3, correlation_s: 900.0 }];
    for (days, requests_per_day) in SMALL {
        let quarterly = TrafficFit { requests_per_day, bursts: bursts.clone(), ..known(daily()) };
        let by_day = TrafficFit { requests_per_day, day_cv: 0.2, ..known(daily()) };
        for model in [quarterly, by_day] {
            let number = departing(40, days, |number| draw_number(number, &model, days));
            assert!(number >= 38, "{number} of 40 logs of {days} days: {model:?}");
        }
    }
}

#[test]
fn the_luck_of_days_is_found() {
    let found = fit(&TrafficFit { day_cv: 0.4, ..known(daily()) }, 56);
    assert_near(found.day_cv, 0.4, 0.3);
}

#[test]
fn sessions_are_told_from_rates_that_vary() {
    let session = Session { mean_requests: 5.0, think: Law::Exponential { mean_s: 60.0 } };
    let model = TrafficFit { events: Events { session: Some(session), ..Events::POISSON }, ..known(daily()) };
    let found = fit(&model, 28).events.session.expect("sessions");
    assert_near(found.mean_requests, 5.0, 0.35);
    assert_near(found.think.mean_s(), 60.0, 0.75);
}

#[test]
fn a_timer_is_found() {
    let stamps_s: Vec<i64> = (0..14 * 1440).map(|minute| MONDAY_S + 60 * minute + 7 + minute % 3).collect();
    let events = TrafficFit::of(&describe(&stamps_s, 14), CurveKind::Steps).expect("a fit").events;
    assert!(events.gap.is_some_and(|gap| gap.cv() < 0.3), "{events:?}");
}

/// Counts by the minute: four requests every ten minutes.
#[test]
fn a_timer_that_brings_several_is_found_in_counts() {
    let options = DescribeOptions {
        origin: Origin::Hour,
        zone: "UTC".into(),
        resolution_ns: 60 * S,
        bin_s: Some(60.0),
        end_ns: Some((MONDAY_S + DAY_S) * S),
    };
    let mut describer = Describer::new(options).expect("legal options");
    (0..144).for_each(|step| describer.push((MONDAY_S + 600 * step) * S, 0, 4));
    let events = TrafficFit::of(&describer.finish(&["f".to_owned()]), CurveKind::Steps).expect("a fit").events;
    assert_near(events.mean_size, 4.0, 1e-9);
    assert!(events.gap.is_some_and(|gap| gap.cv() < 0.5), "{events:?}");
}

#[test]
fn an_outage_is_marked_and_not_averaged_in() {
    let away = |at_s: &i64| !(MONDAY_S + 3 * DAY_S + 40_000..MONDAY_S + 3 * DAY_S + 60_000).contains(at_s);
    let stamps_s: Vec<i64> = draw(&known(daily()), 14).into_iter().filter(away).collect();
    let found = TrafficFit::of(&describe(&stamps_s, 14), CurveKind::Steps).expect("a fit");
    let [outage] = &found.marked[..] else { panic!("{:#?}", found.marked) };
    assert_eq!((outage.mark, outage.date.as_str()), (Mark::Outage, "2026-03-05"));
    assert!(outage.expected > 500.0, "{outage:?}");
    assert_near(found.requests_per_day, 4000.0, 0.02);
    let minutes = |at_s: &i64| !(MONDAY_S + 50_000..MONDAY_S + 51_200).contains(at_s);
    let stamps_s: Vec<i64> = draw(&known(daily()), 14).into_iter().filter(minutes).collect();
    let found = TrafficFit::of(&describe(&stamps_s, 14), CurveKind::Steps).expect("a fit");
    let [outage] = &found.marked[..] else { panic!("{:#?}", found.marked) };
    assert!((1100..1300).contains(&(outage.end_s - outage.start_s)), "{outage:?}");
}

#[test]
fn a_holiday_is_marked() {
    let holiday = MONDAY_S + 8 * DAY_S..MONDAY_S + 9 * DAY_S;
    let keep = |at_s: &i64| !holiday.contains(at_s) || at_s % 5 == 0;
    let stamps_s: Vec<i64> = draw(&known(daily()), 21).into_iter().filter(keep).collect();
    let found = TrafficFit::of(&describe(&stamps_s, 21), CurveKind::Steps).expect("a fit");
    let [day] = &found.marked[..] else { panic!("{:#?}", found.marked) };
    assert_eq!((day.mark, day.date.as_str()), (Mark::QuietDay, "2026-03-10"));
    assert!(found.day_cv < 0.1, "{}", found.day_cv);
}

/// The level of a flat curve is that of the hours which are not marked, and of the end where the log grows.
#[test]
fn a_flat_curve_leaves_out_what_is_marked() {
    let flat = TrafficFit { requests_per_day: 900.0, ..known(vec![1.0; 24]) };
    let fit = |keep: &dyn Fn(i64) -> bool| {
        let stamps_s: Vec<i64> = draw(&flat, 28).into_iter().filter(|at_s| keep(*at_s)).collect();
        TrafficFit::of(&describe(&stamps_s, 28), CurveKind::Steps).expect("a fit")
    };
    let day = |at_s: i64| (at_s - MONDAY_S) / DAY_S;
    // Three days out, or one day with a fifth.
    let out = fit(&|at_s| !(10..13).contains(&day(at_s)));
    let holiday = fit(&|at_s| day(at_s) != 10 || at_s % 5 == 0);
    for (found, mark) in [(out, Mark::Outage), (holiday, Mark::QuietDay)] {
        assert_eq!((&found.curve[..], found.marked.len(), found.marked[0].mark), (&[1.0; 24][..], 1, mark));
        assert_near(found.requests_per_day, 900.0, 0.02);
        assert!(found.day_cv < 0.1, "{}", found.day_cv);
    }
    let grows = TrafficFit { growth_per_week: Some(0.3), ..flat };
    let found = TrafficFit::of(&describe(&draw(&grows, 28), 28), CurveKind::Steps).expect("a fit");
    assert_eq!(found.curve, [1.0; 24]);
    assert_near(found.requests_per_day, 900.0, 0.1);
}

/// Twenty hours of few counts: some hours of the day are unseen, and what is out is left out all the same.
#[test]
fn a_log_shorter_than_a_day_leaves_out_what_is_marked() {
    let stamps_s: Vec<i64> = (0..1200)
        .filter(|minute| !(300..420).contains(minute))
        .map(|minute| MONDAY_S + 60 * minute + minute * 7 % 31)
        .collect();
    let options = DescribeOptions {
        origin: Origin::Hour,
        zone: "UTC".into(),
        resolution_ns: S,
        bin_s: None,
        end_ns: Some((MONDAY_S + 72_000) * S),
    };
    let mut describer = Describer::new(options).expect("legal options");
    for at_s in stamps_s {
        describer.push(at_s * S, 0, 1);
    }
    let found = TrafficFit::of(&describer.finish(&["f".to_owned()]), CurveKind::Steps).expect("a fit");
    assert_eq!((found.marked.len(), &found.curve[..]), (1, &[1.0; 24][..]));
    assert_near(found.requests_per_day, 1440.0, 1e-9);
}

#[test]
fn growth_is_told_and_its_level_is_that_of_the_end() {
    let model = TrafficFit { growth_per_week: Some(0.2), ..known(daily()) };
    let found = fit(&model, 28);
    assert_near(found.growth_per_week.expect("growth"), 0.2, 0.15);
    assert_near(found.requests_per_day, 4000.0, 0.05);
}

#[test]
fn a_launch_ends_what_was_before() {
    let launch_s = MONDAY_S + 5 * DAY_S;
    let keep = |at_s: &i64| *at_s >= launch_s || at_s % 10 == 0;
    let stamps_s: Vec<i64> = draw(&known(daily()), 14).into_iter().filter(keep).collect();
    assert_eq!(level_since_s(&describe(&stamps_s, 14)), Some(launch_s));
    assert_eq!(level_since_s(&describe(&draw(&known(daily()), 14), 14)), None);
    // A tenth is a level too; a few a day, fewer than a curve has weights, are none.
    let drop_s = MONDAY_S + 9 * DAY_S;
    let falls_to = |rest: i64| {
        let keep = |at_s: &i64| *at_s < drop_s || at_s % rest == 0;
        describe(&draw(&known(daily()), 14).into_iter().filter(keep).collect::<Vec<i64>>(), 14)
    };
    assert_eq!(level_since_s(&falls_to(10)), Some(drop_s));
    assert_eq!(level_since_s(&falls_to(3001)), None);
}

/// Two models that follow one random rate, and two that follow rates of their own.
#[test]
fn models_that_rise_and_fall_together_share_their_luck() {
    let bursts = vec![Burst { cv: 0.8, correlation_s: 4000.0 }];
    let of_models = |scope: Scope| {
        let model = TrafficFit { scope, bursts: bursts.clone(), ..known(daily()) };
        let stretch_s = (MONDAY_S, MONDAY_S + 14 * DAY_S);
        let expected = Expected::new(&model, "UTC", stretch_s, stretch_s.1).expect("a known zone");
        let describe = |name: &str| {
            let mut stamps_s = Vec::new();
            expected.draw((3, 0), name, |since_ns| stamps_s.push(MONDAY_S + since_ns.cast_signed() / S));
            (name.to_owned(), describe(&stamps_s, 14))
        };
        ["flux-dev", "lora", "wan"].map(describe).to_vec()
    };
    let whole = known(daily());
    for scope in [Scope::Fleet, Scope::Model] {
        let of_models = of_models(scope);
        for models in [&of_models[..], &of_models[..2]] {
            let fits = TrafficFit::of_models(&whole, models, CurveKind::Steps);
            assert!(fits.iter().all(|(_, fit)| fit.scope == scope), "{} models", models.len());
        }
    }
    // One request tells no rate: its model has its share of the whole.
    let rare = [of_models(Scope::Model), vec![("rare".to_owned(), describe(&[MONDAY_S + 5], 14))]].concat();
    let fits = TrafficFit::of_models(&whole, &rare, CurveKind::Steps);
    let requests: u64 = rare.iter().map(|(_, own)| own.requests).sum();
    assert_near(fits[3].1.requests_per_day, 4000.0 / requests as f64, 1e-9);
}

#[test]
fn what_has_no_rate_is_refused() {
    assert_eq!(TrafficFit::of(&describe(&[], 1), CurveKind::Steps), Err(FitError::Empty));
    assert_eq!(TrafficFit::of(&describe(&[MONDAY_S + 5; 3], 1), CurveKind::Steps), Err(FitError::OneInstant));
}
