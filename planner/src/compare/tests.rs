use approx::assert_relative_eq;
use fleetfront_scenario::{Files, repaired};

use super::*;

fn scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

/// The baseline and the proposed allocation, made to fit.
fn two(scenario: &Scenario) -> Vec<Allocation> {
    let (mended, _) = repaired(scenario, scenario.proposed).expect("it cannot run as written");
    vec![scenario.allocations[scenario.baseline].clone(), mended]
}

fn run(scenario: &Scenario, allocations: &[Allocation], precision: Precision) -> Comparison {
    compare(scenario, allocations, precision, 1, &Control::default()).expect("nobody interrupts")
}

#[test]
fn an_allocation_is_no_better_than_itself() {
    let scenario = scenario();
    let own = scenario.allocations[scenario.baseline].clone();
    let other = Allocation { name: "the same".to_owned(), ..own.clone() };
    let of = run(&scenario, &[own, other], Precision::Trials(14)).differences.remove(0);
    assert_eq!(of.cost_usd_month, Estimate::exact(0.0));
    assert_eq!((of.cost_p, of.cost_p_adjusted), (1.0, 1.0));
    assert_eq!((of.probabilities.cheaper, of.probabilities.faster), (0.5, 0.5));
    assert!(of.variance_reduction.is_infinite());
    for ratio in [of.cost_ratio, of.latency_mean_ratio, of.latency_p95_ratio] {
        assert_relative_eq!(ratio.value, 1.0, max_relative = 1e-12);
        assert_relative_eq!(ratio.half_width(), 0.0, epsilon = 1e-12);
    }
}

#[test]
fn differences_are_those_of_the_bills_and_latencies() {
    let scenario = scenario();
    let comparison = run(&scenario, &two(&scenario), Precision::Trials(28));
    let [first, other] = comparison.allocations.as_slice() else { panic!("two") };
    let fleet = |of: &AllocationResult| of.results.clone().expect("it runs").fleet;
    let (first, other) = (fleet(first), fleet(other));
    let of = &comparison.differences[0];
    let usd = |of: &crate::Metrics| of.cost_usd_month.value;
    assert_relative_eq!(of.cost_usd_month.value, usd(&other) - usd(&first), max_relative = 1e-9);
    // The jackknife moves a ratio by its bias only.
    assert_relative_eq!(of.cost_ratio.value, usd(&other) / usd(&first), max_relative = 1e-3);
    assert_relative_eq!(
        of.latency_s_mean.value,
        other.latency_s_mean.value - first.latency_s_mean.value,
        epsilon = 1e-9
    );
    assert_relative_eq!(of.latency_p95_ratio.value, other.latency_s_p95.value / first.latency_s_p95.value);
    // What the same requests do to both cancels.
    let own = usd_half_width(&first).hypot(usd_half_width(&other));
    let gained = (own / of.cost_usd_month.half_width()).powi(2);
    assert!((gained / of.variance_reduction - 1.0).abs() < 0.2, "{gained} and {}", of.variance_reduction);
    assert!(of.headline.contains("against \"current\""), "{}", of.headline);
}

fn usd_half_width(of: &crate::Metrics) -> f64 {
    of.cost_usd_month.half_width()
}

#[test]
fn trials_go_on_until_the_ratio_is_known() {
    let scenario = scenario();
    let allocations = two(&scenario);
    let wide = run(&scenario, &allocations, Precision::HalfWidth { share: 0.003, most: 10_000 });
    assert!(wide.trials > 98 && wide.trials.is_multiple_of(7), "{}", wide.trials);
    let ratio = wide.differences[0].cost_ratio;
    assert!(ratio.half_width() / ratio.value < 0.0033, "{ratio:?}");
    let most = run(&scenario, &allocations, Precision::HalfWidth { share: 1e-6, most: 105 });
    assert_eq!(most.trials, 105);
}

#[test]
fn what_is_undecided_is_told_with_what_decides_it() {
    let scenario = scenario();
    let comparison = run(&scenario, &two(&scenario), Precision::Trials(28));
    let undecided =
        comparison.allocations[1].criteria.iter().filter(|c| c.judgement == Judgement::Undecided && !is_information(c));
    let open = &comparison.differences[0].open;
    assert_eq!(open.len(), undecided.count());
    let measure = open.iter().filter(|question| question.what_decides.starts_with("measure the service time of"));
    assert!(measure.count() > 0, "{open:?}");
    assert!(open.iter().all(|question| question.trials.is_none_or(|trials| trials > 28)), "{open:?}");
}

/// By hand: a half-width of 2 at a distance of 1 from the target shrinks to 1 with four times the trials.
#[test]
fn trials_that_decide_grow_with_the_square() {
    let criterion = CriterionResult {
        criterion: String::new(),
        subject: "fleet".to_owned(),
        value: Estimate { value: 39.0, low: 37.0, high: 41.0 },
        target: 40.0,
        unit: "%".to_owned(),
        judgement: Judgement::Undecided,
        note: String::new(),
        baseline: None,
        basis: None,
    };
    assert_eq!(more_trials(&criterion, 100), Some(460));
    let on_target = CriterionResult { target: 39.0, ..criterion };
    assert_eq!(more_trials(&on_target, 100), None);
}

/// By hand: at 10 % from the target a spread of 0.4 takes (1.96 * 0.4 / ln 1.1)^2 = 67.7 runs, one of 0.01 no more than
/// three.
#[test]
fn runs_that_decide_grow_with_the_square_of_the_spread() {
    let criterion = |words: &str| CriterionResult {
        criterion: words.to_owned(),
        subject: "m".to_owned(),
        value: Estimate { value: 33.0, low: 20.0, high: 50.0 },
        target: 30.0,
        unit: "s".to_owned(),
        judgement: Judgement::Undecided,
        note: String::new(),
        baseline: None,
        basis: None,
    };
    let warm = criterion("warm service time below 30 s");
    assert_eq!((runs(&warm, 0.4), runs(&warm, 0.01)), (Some(68), Some(3)));
    assert_eq!(runs(&criterion("end-to-end p95 below 30 s"), 0.4), None);
    assert_eq!(runs(&CriterionResult { subject: "fleet".to_owned(), ..warm.clone() }, 0.4), None);
    assert_eq!(runs(&CriterionResult { target: 33.0, ..warm }, 0.4), None);
}

#[test]
fn quality_is_a_criterion_of_every_model() {
    let scenario = scenario();
    let comparison = run(&scenario, &two(&scenario), Precision::Trials(14));
    let rows = comparison.allocations[1].criteria.iter().filter(|row| row.unit == "LPIPS");
    let lpips: Vec<(&str, f64)> = rows.map(|row| (row.subject.as_str(), row.value.value)).collect();
    let expected = [
        ("flux-schnell", 0.29),
        ("flux-dev", 0.0),
        ("instantid", 0.0),
        ("lora", 0.29),
        ("wan2.1", 0.0),
        ("seedvr2", 0.0),
    ];
    assert_eq!(lpips, expected);
}

#[test]
fn several_are_adjusted_together() {
    let scenario = scenario();
    let mut allocations = two(&scenario);
    let nearly = Allocation { name: "nearly".to_owned(), ..allocations[0].clone() };
    allocations.push(nearly);
    allocations[2].pools[0].settings.scaledown_window = fleetfront_sim::Seconds::new(299.0).expect("a span");
    let of = run(&scenario, &allocations, Precision::Trials(14)).differences;
    let p: Vec<f64> = of.iter().map(|difference| difference.cost_p).collect();
    let adjusted: Vec<f64> = of.iter().map(|difference| difference.cost_p_adjusted).collect();
    assert_eq!(adjusted, holm(&p));
    assert!(adjusted.iter().zip(&p).any(|(adjusted, p)| adjusted > p), "{p:?}");
}
