//! The traffic of a log in sentences, the answer first.

use fleetfront_workloads::fit::{FittedDispersion, Grouping};
use fleetfront_workloads::prove::{CheckGroup, Proof};
use fleetfront_workloads::{Strays, TrafficStudy};

use crate::format::{Unit, plain};
use crate::traffic_request_tables::client_words;
use crate::traffic_tables::group_words;

/// From so many statistics on that a model shares with its log, it draws such days: 95 % is what the best model would have,
/// and several of them move together.
const HOLDS: f64 = 0.9;

/// Of fewer requests the dispersion tells nothing: that of 30 in as many windows is 1 by chance with a standard error of a
/// quarter, the root of 2/(n - 1).
const TOLD_MIN: u64 = 30;

/// Below this share of its keep-alive statistics a model does not hold, whatever the others say: they decide cold starts.
const KEEP_ALIVE_HOLDS: f64 = 0.5;

/// Whether the model draws days like the log's: nine tenths of all statistics, and half of those of keep-alives; true where it was not looked at, false where there was nothing to look at.
#[must_use]
pub fn traffic_holds(study: &TrafficStudy) -> bool {
    let holds = |proof: &Proof| {
        let keep_alive = proof.share_of(CheckGroup::KeepAlive);
        proof.share() >= Some(HOLDS) && keep_alive.is_none_or(|share| share >= KEEP_ALIVE_HOLDS)
    };
    study.proof.as_ref().is_none_or(holds)
}

/// What a log is like, what its model is, and whether that holds: one sentence each, the most important first.
#[must_use]
pub fn traffic_sentences(study: &TrafficStudy) -> Vec<String> {
    let fitted = study.fitted();
    let mut sentences = vec![size(study), shape(study), burstiness(study)];
    sentences.extend(study.since.as_ref().map(|since| {
        let day = since.get(..10).unwrap_or(since);
        let before = study.description.requests - fitted.requests;
        format!(
            "On {day} the level of the traffic changed for good: curve, model and tables are of what came from then on, \
             and the {} requests before are another traffic.",
            count(before as f64)
        )
    }));
    sentences.extend(study.strays.as_ref().map(stray_words));
    sentences.extend(client_words(study));
    sentences.extend(checked(study));
    sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect()
}

/// What is left out of the end of the log.
fn stray_words(strays: &Strays) -> String {
    let day = strays.after.get(..10).unwrap_or(&strays.after);
    match strays.requests {
        0 => format!("Nothing came from {day} on: the log is studied up to there."),
        requests => format!(
            "After days of silence from {day} on came {} more: too few for a level of their own, and left out as strays.",
            if requests == 1 { "1 request".to_owned() } else { format!("{} requests", count(requests as f64)) }
        ),
    }
}

/// The verdict of the check; none where there was none.
fn checked(study: &TrafficStudy) -> Option<String> {
    let proof = study.proof.as_ref()?;
    let (all, held) = (proof.checks.len(), proof.checks.iter().filter(|check| check.holds).count());
    let Some(share) = proof.share() else {
        return Some("Whether the model draws such days is not known: the log has no statistic to check.".to_owned());
    };
    let word = match share {
        share if share >= HOLDS && traffic_holds(study) => "The model draws such days",
        share if share >= HOLDS => "The model draws such days but for their cold starts",
        share if share >= 0.75 => "The model draws such days in most respects",
        _ => "The model does not draw such days",
    };
    Some(format!(
        "{word}: {held} of {all} statistics of the log ({}) lie within the middle 95 % of {} logs drawn from it.{}",
        plain(share, Unit::Share),
        proof.draws,
        weak_groups(proof)
    ))
}

/// The groups of which fewer statistics hold than a model is to have, as a sentence; empty where there are none.
fn weak_groups(proof: &Proof) -> String {
    let weak = |group: &CheckGroup| {
        let own = || proof.checks.iter().filter(|check| check.group == *group);
        let which = match group {
            CheckGroup::KeepAlive => " (they decide cold starts)",
            _ => "",
        };
        let words = || {
            let held = own().filter(|check| check.holds).count();
            format!("{} {held} of {}{which}", group_words(*group), own().count())
        };
        proof.share_of(*group).filter(|share| *share < HOLDS).map(|_| words())
    };
    let groups: Vec<String> = CheckGroup::ALL.iter().filter_map(weak).collect();
    if groups.is_empty() { String::new() } else { format!(" Below 90 % are: {}.", groups.join(", ")) }
}

fn size(study: &TrafficStudy) -> String {
    let log = &study.description;
    let day = |stamp: &Option<String>| stamp.as_deref().and_then(|stamp| stamp.get(..10)).unwrap_or("").to_owned();
    let (first, last) = (day(&log.first), day(&log.last));
    let when = match () {
        () if study.log.is_origin_assumed => "counted from zero, without a date".to_owned(),
        () if first == last => format!("on {first}"),
        () => format!("from {first} to {last}"),
    };
    let growth = study.whole.growth_per_week.map_or(String::new(), |growth| {
        format!(
            ", {} {} a week",
            if growth < 0.0 { "falling by" } else { "growing by" },
            plain(growth.abs(), Unit::Share)
        )
    });
    format!(
        "{} requests in {} ({when}, {}): {} a day at the end{growth}.",
        count(log.requests as f64),
        span(log.span_s),
        log.zone,
        count(study.requests_per_day())
    )
}

/// Whether hours of the day were never observed from start to end.
fn is_curve_unknown(study: &TrafficStudy) -> bool {
    study.fitted().hour_of_day.iter().any(|point| point.hours == 0)
}

/// The curve, so far as the log tells it from a flat one.
fn shape(study: &TrafficStudy) -> String {
    let log = study.fitted();
    if is_curve_unknown(study) {
        return "The curve of the day is not known: the log does not have every hour of it, and is fitted with a flat one."
            .to_owned();
    }
    let (Some(peak), Some(over_mean)) = (log.peak_hour, log.peak_over_mean) else { return String::new() };
    if study.whole.curve.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 1e-9) {
        return "The log does not tell one hour of the day from another: they differ by no more than chance."
            .to_owned();
    }
    let trough = match (log.trough_hour, log.peak_over_trough) {
        (Some(trough), Some(over)) => {
            format!(" and {} that of the quietest (from {trough}:00)", plain(over, Unit::Ratio))
        }
        _ => String::new(),
    };
    let are_told = study.whole.levels != Grouping::Alike && study.whole.harmonics.is_none();
    let weekend = log.weekend_over_weekday.filter(|_| are_told).map_or(String::new(), |ratio| {
        let which = if study.log.is_origin_assumed { " (if zero was a Monday)" } else { "" };
        format!("; a day of the weekend{which} has {} the requests of a weekday", plain(ratio, Unit::Ratio))
    });
    let smooth =
        study.whole.harmonics.as_ref().map_or(String::new(), |harmonics| {
            format!(" The fitted curve is a smooth one, with {}.", harmonics.words())
        });
    format!(
        "The busiest hour of the day (from {peak}:00) has {} the mean rate{trough}{weekend}.{smooth}",
        plain(over_mean, Unit::Ratio)
    )
}

/// How far counts depart from chance. Whether they do at all is what the model that is drawn and written says.
fn burstiness(study: &TrafficStudy) -> String {
    let told = &study.whole.dispersion;
    let requests = study.fitted().requests;
    if requests < TOLD_MIN {
        return format!("{requests} requests are too few to say whether they come in bursts.");
    }
    let within = told.iter().rfind(|of| of.window_s < 3600.0);
    // Without a curve, how hours differ is its slope as much as bursts.
    let beyond = told.iter().find(|of| of.window_s >= 3600.0 && !is_curve_unknown(study));
    let most = within.into_iter().chain(beyond).map(|of| of.log).fold(f64::NAN, f64::max);
    let departing = study.fits.iter().filter(|(_, fit)| !fit.is_by_chance()).count();
    let word = match most {
        most if most.is_nan() => return String::new(),
        _ if departing == 0 => "Requests come as by chance (Poisson) around the curve",
        _ if study.whole.is_by_chance() => {
            "Requests of all models together come as by chance (Poisson) around the curve"
        }
        most if most < 0.85 => "Requests come more evenly than by chance",
        most if most < 3.0 => "Requests are somewhat bursty",
        most if most < 10.0 => "Requests are bursty",
        _ => "Requests are very bursty",
    };
    let but = match departing {
        1.. if study.whole.is_by_chance() => {
            format!(" By themselves, those of {departing} of {} models do not.", study.fits.len())
        }
        _ => String::new(),
    };
    let part = |of: &FittedDispersion, about: &str| {
        format!("{} that of chance in windows of {} (about {about})", plain(of.log, Unit::Ratio), span(of.window_s))
    };
    let parts: Vec<String> = within
        .map(|of| part(of, "the hour's own mean"))
        .into_iter()
        .chain(beyond.map(|of| part(of, "the curve")))
        .collect();
    format!("{word}: the variance of their counts is {}.{but}", parts.join(" and "))
}

/// A whole number with its thousands apart.
pub(crate) fn count(number: f64) -> String {
    plain(if number >= 100.0 { number.round() } else { number }, Unit::Count)
}

/// A length of time in the unit that people would take.
pub(crate) fn span(length_s: f64) -> String {
    let rounded = |value: f64| {
        let text = format!("{value:.1}");
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    match length_s {
        s if s >= 2.0 * 86_400.0 => format!("{} days", rounded(s / 86_400.0)),
        s if s >= 3600.0 => format!("{} h", rounded(s / 3600.0)),
        s if s >= 60.0 => format!("{} min", rounded(s / 60.0)),
        s => format!("{} s", rounded(s)),
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_workloads::fit::{Events, Harmonics, TrafficFit};

    use super::*;
    use crate::traffic_fixture::study;

    #[test]
    fn the_answer_has_size_shape_burstiness_and_verdict() {
        let said = traffic_sentences(&study());
        assert_eq!(said.len(), 4, "{said:#?}");
        assert!(
            said[0].starts_with("3,") && said[0].contains("requests in 14 days (from 2024-01-01 to 2024-01-14, UTC): ")
        );
        assert!(said[1].starts_with("The busiest hour of the day (from 12:00) has "), "{}", said[1]);
        assert!(
            said[2].contains("that of chance in windows of 15 min (about the hour's own mean) and "),
            "{}",
            said[2]
        );
        assert!(said[3].contains("lie within the middle 95 % of 39 logs drawn from it"), "{}", said[3]);
        let mut unchecked = study();
        unchecked.proof = None;
        assert_eq!(traffic_sentences(&unchecked), said[..3]);
    }

    #[test]
    fn a_flat_log_has_no_busiest_hour_and_a_log_without_a_date_none() {
        let mut flat = study();
        flat.whole.curve = vec![1.0; 24];
        let said = traffic_sentences(&flat);
        assert!(said[1].starts_with("The log does not tell one hour of the day from another"), "{}", said[1]);
        flat.log.is_origin_assumed = true;
        assert!(traffic_sentences(&flat)[0].contains("(counted from zero, without a date, UTC)"));
        let mut alike = study();
        assert!(!traffic_sentences(&alike)[1].contains("weekend"), "its days are alike");
        alike.whole.levels = Grouping::Weekend;
        assert!(traffic_sentences(&alike)[1].contains("; a day of the weekend has "));
    }

    /// The headline says of the models what their section does.
    #[test]
    fn requests_come_by_chance_where_no_model_departs() {
        let mut study = study();
        let by_chance = |study: &TrafficStudy| traffic_sentences(study)[2].contains("as by chance (Poisson)");
        assert!(!by_chance(&study) && study.fits.len() == 2);
        let plain = |fit: &mut TrafficFit| {
            fit.bursts.clear();
            fit.day_cv = 0.0;
            fit.events = Events::POISSON;
        };
        plain(&mut study.whole);
        plain(&mut study.fits[0].1);
        plain(&mut study.fits[1].1);
        study.fits[1].1.day_cv = 0.2;
        assert!(traffic_sentences(&study)[2].ends_with(" By themselves, those of 1 of 2 models do not."));
        study.fits[1].1.day_cv = 0.0;
        assert!(by_chance(&study) && !traffic_sentences(&study)[2].contains("themselves"));
    }

    #[test]
    fn strays_are_said_to_be_left_out() {
        let mut late = study();
        let mut said = |requests: u64| {
            late.strays = Some(Strays { after: "2024-01-16T03:00:00+00:00".into(), requests });
            traffic_sentences(&late)[3].clone()
        };
        assert!(
            said(5).starts_with("After days of silence from 2024-01-16 on came 5 requests more: too few for a level")
        );
        assert!(said(1).contains("came 1 request more:"));
        assert_eq!(said(0), "Nothing came from 2024-01-16 on: the log is studied up to there.");
    }

    #[test]
    fn a_smooth_curve_is_said_to_be_one() {
        let mut study = study();
        assert!(!traffic_sentences(&study)[1].contains("smooth"));
        study.whole.harmonics = Some(Harmonics { of_day: 1, of_week: 2, coefficients: vec![0.0; 7], dispersion: 1.0 });
        let said = traffic_sentences(&study);
        assert!(
            said[1].ends_with(" is a smooth one, with 1 harmonic of the day and 2 harmonics of the week."),
            "{}",
            said[1]
        );
    }

    #[test]
    fn two_requests_are_called_neither_chance_nor_bursts() {
        let mut few = study();
        few.description.requests = 2;
        few.present = None;
        assert_eq!(traffic_sentences(&few)[2], "2 requests are too few to say whether they come in bursts.");
    }

    #[test]
    fn nothing_to_check_is_no_proof() {
        let mut study = study();
        study.proof.as_mut().expect("it was checked").checks.clear();
        assert!(!traffic_holds(&study));
        let said = traffic_sentences(&study);
        assert!(said[3].starts_with("Whether the model draws such days is not known"), "{}", said[3]);
    }

    #[test]
    fn a_model_holds_where_nine_of_ten_statistics_do() {
        let mut study = study();
        let with = |study: &mut TrafficStudy, broken: usize| {
            let proof = study.proof.as_mut().expect("it was checked");
            proof.checks.truncate(20);
            proof.checks.iter_mut().enumerate().for_each(|(k, check)| check.holds = k >= broken);
            (traffic_holds(study), traffic_sentences(study).pop().expect("a verdict"))
        };
        assert!(with(&mut study, 2).0 && with(&mut study, 2).1.starts_with("The model draws such days: 18 of 20 "));
        assert!(!with(&mut study, 3).0 && with(&mut study, 3).1.contains("in most respects: 17 of 20 "));
        assert!(with(&mut study, 10).1.starts_with("The model does not draw such days: 10 of 20 "));
        study.proof = None;
        assert!(traffic_holds(&study));
    }

    #[test]
    fn cold_starts_are_named_where_they_do_not_hold() {
        let mut study = study();
        let proof = study.proof.as_mut().expect("it was checked");
        proof.checks.iter_mut().for_each(|check| check.holds = true);
        let with = |study: &mut TrafficStudy, broken: usize| {
            let proof = study.proof.as_mut().expect("it was checked");
            let own = proof.checks.iter_mut().filter(|check| check.group == CheckGroup::KeepAlive);
            own.enumerate().for_each(|(k, check)| check.holds = k >= broken);
            (traffic_holds(study), traffic_sentences(study).pop().expect("a verdict"))
        };
        let (holds, said) = with(&mut study, 0);
        assert!(holds && said.ends_with("logs drawn from it."), "{said}");
        // Nine tenths of all others make up for seven of eight.
        let other = study.proof.as_ref().expect("it was checked").checks[0].clone();
        study.proof.as_mut().expect("it was checked").checks.extend(vec![other; 100]);
        let (holds, said) = with(&mut study, 4);
        assert!(holds && said.starts_with("The model draws such days: "), "{said}");
        assert!(said.ends_with(" Below 90 % are: keep-alive 4 of 8 (they decide cold starts)."), "{said}");
        let (holds, said) = with(&mut study, 7);
        assert!(!holds && said.starts_with("The model draws such days but for their cold starts: "), "{said}");
    }

    /// The slope of a day that is not known is no burst.
    #[test]
    fn burstiness_of_an_unknown_curve_is_that_within_hours() {
        let mut part = study();
        part.description.hour_of_day[3].hours = 0;
        part.whole.curve = vec![1.0; 24];
        for of in &mut part.whole.dispersion {
            of.log = if of.window_s < 3600.0 { 1.5 } else { 20.6 };
        }
        let said = traffic_sentences(&part);
        assert!(said[1].starts_with("The curve of the day is not known: "), "{}", said[1]);
        assert!(said[2].starts_with("Requests are somewhat bursty: ") && !said[2].contains("20.6"), "{}", said[2]);
        part.description.hour_of_day[3].hours = 14;
        assert!(traffic_sentences(&part)[2].starts_with("Requests are very bursty: "));
    }

    #[test]
    fn spans_are_said_as_people_say_them() {
        let said = [1.0, 10.0, 90.0, 3600.0, 5400.0, 86_400.0, 1_324_800.0].map(span);
        assert_eq!(said, ["1 s", "10 s", "1.5 min", "1 h", "1.5 h", "24 h", "15.3 days"]);
    }
}
