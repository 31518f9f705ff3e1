use approx::assert_relative_eq;
use fleetfront_scenario::Files;

use super::*;

/// A platform that bills what is used.
fn platform() -> Platform {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid").platform
}

/// Months of so many days, all of one kind.
fn plain(length: f64) -> Months {
    Months { length, weekdays: [0; 7], luck: Luck(7) }
}

fn alike(days: Vec<f64>) -> Days {
    Days { by_weekday: vec![days] }
}

/// Days whose costs are normal with mean 100 and standard deviation 10.
fn normal_days(n: u32) -> Days {
    let quantile = |k: u32| fleetfront_sim::normal_quantile((f64::from(k) + 0.5) / f64::from(n));
    alike((0..n).map(|k| 100.0 + 10.0 * quantile(k)).collect())
}

/// Independent days: a month of 30 has 30 times the mean and the root of 30 times the standard deviation of a day.
#[test]
fn a_month_of_independent_days_has_the_moments_of_their_sum() {
    let (days, months) = (normal_days(2000), plain(30.0));
    let costs: Vec<f64> = (0..20_000).map(|k| months.cost(&days, Luck(1).child(k))).collect();
    let mean = costs.iter().sum::<f64>() / 20_000.0;
    let sd = (costs.iter().map(|cost| (cost - mean).powi(2)).sum::<f64>() / 20_000.0).sqrt();
    // Standard errors: 54.8 / sqrt(20,000) = 0.39, and sd / sqrt(40,000) = 0.27.
    assert!((mean - 3000.0).abs() < 1.6, "{mean}");
    assert!((sd - 30.0_f64.sqrt() * 10.0).abs() < 1.1, "{sd}");
}

/// The same months against the normal law: the 95th percentile is 1.645 standard deviations above the mean, a budget
/// there is exceeded in 5 % of the months, and the interval is that of 2,000 days: their mean has a standard error of
/// 0.122 standard deviations of a month, so the probability is known from 3.0 % to 8.0 %.
#[test]
fn percentiles_and_budgets_are_those_of_the_normal_law() {
    let budget = 3000.0 + 1.644_854 * 30.0_f64.sqrt() * 10.0;
    let platform = Platform { budget_usd_month: Some(budget), ..platform() };
    let bill = plain(30.0).bill(&normal_days(2000), &platform);
    // Standard error of a 95th percentile of 4,000: 1.8; of the median: 1.1.
    assert!((bill.bill_usd_p50.value - 3000.0).abs() < 4.5, "{:?}", bill.bill_usd_p50);
    assert!((bill.bill_usd_p95.value - budget).abs() < 7.5, "{:?}", bill.bill_usd_p95);
    assert!((bill.bill_usd_p5.value - (6000.0 - budget)).abs() < 7.5, "{:?}", bill.bill_usd_p5);
    // The mean of a month is known to 30 x 10 / sqrt(2,000) = 6.7, either way 13; drawn months blur it a little.
    assert!((20.0..40.0).contains(&(bill.bill_usd_p50.high - bill.bill_usd_p50.low)), "{:?}", bill.bill_usd_p50);
    let exceeded = bill.budget.expect("it was asked for").exceeded;
    assert!((exceeded.value - 0.05).abs() < 0.013, "{exceeded:?}");
    assert!((0.012..0.042).contains(&exceeded.low) && (0.06..0.11).contains(&exceeded.high), "{exceeded:?}");
}

/// By hand: days of a kind cost the same, so months of four weeks are all alike, and in 30 days the two beyond make the
/// difference: Monday and Tuesday 30, ..., Saturday and Sunday 130, Sunday and Monday 80.
#[test]
fn each_day_of_the_week_comes_from_its_own() {
    let days = Days { by_weekday: (1..=7).map(|d| vec![10.0 * f64::from(d); 5]).collect() };
    let months = |length| Months { length, weekdays: [0, 1, 2, 3, 4, 5, 6], luck: Luck(3) };
    let four_weeks = months(28.0).bill(&days, &platform());
    assert_eq!(four_weeks.bill_usd_p5, Estimate::exact(1120.0));
    assert_eq!(four_weeks.bill_usd_p95, Estimate::exact(1120.0));
    let mut seen: Vec<f64> = (0..500).map(|k| months(30.0).cost(&days, Luck(3).child(k)) - 1120.0).collect();
    seen.sort_by(f64::total_cmp);
    seen.dedup();
    assert_eq!(seen, [30.0, 50.0, 70.0, 80.0, 90.0, 110.0, 130.0]);
    // Half a day more counts by half.
    let half: Vec<f64> = (0..50).map(|k| months(28.5).cost(&days, Luck(3).child(k)) - 1120.0).collect();
    assert!(half.iter().all(|rest| (1..=7).any(|d| (rest - 5.0 * f64::from(d)).abs() < 1e-9)), "{half:?}");
}

/// The weekday of a trial follows from its number, as the traffic has it.
#[test]
fn trials_stand_on_their_weekdays() {
    let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    assert!(scenario.traffic.is_weekly());
    scenario.platform.days_per_month = 28.0;
    // Trials 3 to 16: each weekday twice, its cost its number.
    let costs: Vec<f64> = (3..17).map(|trial| f64::from(trial % 7)).collect();
    let bill = monthly_bill(&scenario, 3, &costs, 1);
    assert_eq!((bill.bill_usd_p5.value, bill.bill_usd_p95.value), (84.0, 84.0));
    assert!(bill.rests_on.contains("14 simulated days, each day of the week from its own"), "{}", bill.rests_on);
    // (1 - sqrt(1/2)) of the spread are missing.
    assert!(bill.rests_on.contains("with 2 of each day of the week the spread comes out about 29 % too small"));
    assert!(bill.rests_on.ends_with("fewer days than a month has were simulated"));
    let six = monthly_bill(&scenario, 0, &costs[..6], 1);
    assert!(six.rests_on.contains("not every day of the week was simulated"), "{}", six.rests_on);
    assert_eq!(monthly_bill(&scenario, 3, &costs, 1), bill);
}

/// Each month is billed by itself: what the plan includes is lost in a cheap month, and not saved up for a dear one.
#[test]
fn every_month_is_billed_by_the_plan() {
    let days = alike(vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 300.0]);
    let platform = Platform { plan_fee_usd: 50.0, included_credits_usd: 300.0, ..platform() };
    let bill = plain(10.0).bill(&days, &platform);
    // 35 % of the months have no dear day, 39 % one, 7 % four or more or exactly three: 300 are included.
    assert_eq!((bill.bill_usd_p5.value, bill.bill_usd_p50.value), (50.0, 50.0));
    assert_relative_eq!(bill.bill_usd_p95.value, 650.0);
}

#[test]
fn what_never_happened_has_the_exact_bound() {
    let days = alike(vec![10.0; 100]);
    let of = |budget: f64| {
        let platform = Platform { budget_usd_month: Some(budget), ..platform() };
        plain(30.0).bill(&days, &platform).budget.expect("it was asked for")
    };
    let never = of(300.0).exceeded;
    assert_eq!((never.value, never.low), (0.0, 0.0));
    assert_relative_eq!((1.0 - never.high).powi(4000), 0.025, max_relative = 1e-9);
    assert_eq!(of(300.0).words(), "budget $300: exceeded in 0 % of months (0 to < 0.1)");
    let always = of(299.0).exceeded;
    assert_eq!((always.value, always.high), (1.0, 1.0));
    assert!(always.low > 0.999 && always.low < 1.0);
    assert_eq!(of(299.0).words(), "budget $299: exceeded in 100 % of months (> 99.9 to 100)");
}
