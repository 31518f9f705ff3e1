//! Times of the first part by the days on which they came, and other first parts drawn from them.

use fleetfront_sim::Luck;

/// Fewest times that stand for a day of their own: a day with fewer counts with the one before it.
const DAY_TIMES_MIN: usize = 8;
/// Fewest days that are drawn from: fewer tell nothing of what differs between days.
const DAYS_MIN: usize = 5;
/// More times than these are thinned out evenly: they leave less than cv / 70 of a mean open.
const TIMES_MAX: usize = 5_000;

/// Times by days.
#[derive(Debug, Clone)]
pub(crate) struct TimesByDay {
    /// In seconds, above zero, day by day.
    times: Vec<f64>,
    /// Where each day ends.
    ends: Vec<usize>,
    /// How many days make another first part; `None` where there are too few, and single times are drawn.
    drawn: Option<usize>,
}

impl TimesByDay {
    /// - `days`: their times, in order.
    /// - `days_ahead`: days of the part that is predicted.
    pub(crate) fn of(days: impl Iterator<Item = Vec<f64>>, days_ahead: usize) -> Self {
        let mut groups: Vec<Vec<f64>> = Vec::new();
        for day in days {
            match groups.last_mut() {
                Some(last) if day.len() < DAY_TIMES_MIN || last.len() < DAY_TIMES_MIN => last.extend(day),
                _ => groups.push(day),
            }
        }
        let n: usize = groups.iter().map(Vec::len).sum();
        let (mut times, mut ends) = (Vec::with_capacity(n.min(TIMES_MAX)), Vec::new());
        for mut day in groups {
            day.sort_by(f64::total_cmp);
            let kept = if n > TIMES_MAX { (day.len() * TIMES_MAX).div_ceil(n) } else { day.len() };
            times.extend((0..kept).map(|k| day[(2 * k + 1) * day.len() / (2 * kept)]));
            ends.push(times.len());
        }
        let mut found = Self { times, ends, drawn: None };
        found.drawn = (found.ends.len() >= DAYS_MIN).then(|| found.days_drawn(days_ahead));
        found
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[f64] {
        &self.times
    }

    fn days(&self) -> impl Iterator<Item = &[f64]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.times[*start..*end])
    }

    /// Times that another first part might have had.
    ///
    /// Whole days where there are enough, so that times of one day stay together (a cluster bootstrap: Field and Welsh
    /// 2007, *Journal of the Royal Statistical Society* B 69); else single times. One fewer is drawn than there are, which
    /// makes up for the spread that a sample has about its own mean (Efron 1982, *The Jackknife, the Bootstrap and Other
    /// Resampling Plans*, 5.7; of clusters Rao and Wu 1988, *Journal of the American Statistical Association* 83); fewer
    /// still where days differ, see [`TimesByDay::days_drawn`].
    pub(crate) fn redrawn(&self, luck: Luck, days: Luck) -> Vec<f64> {
        let place =
            |luck: Luck, k: usize, of: usize| ((luck.child(k as u32).uniform(0, 0) * of as f64) as usize).min(of - 1);
        let Some(drawn) = self.drawn else {
            let n = self.times.len();
            return (1..n).map(|k| self.times[place(luck, k, n)]).collect();
        };
        let all: Vec<&[f64]> = self.days().collect();
        (0..drawn).flat_map(|k| all[place(days, k, all.len())]).copied().collect()
    }

    /// How many of D days make a first part whose law is as far from the truth of the *second* as this one's may be.
    ///
    /// The mean of D days scatters by v / D, v the variance between their means. Of v a part is luck of single times, which
    /// the second part has by itself when it is simulated; the rest r v is the days' own, and the A days ahead have it too,
    /// while they are simulated by one law. So laws have to scatter by v / D + r v / A, and means of m of the D days do by
    /// v (D - 1) / (D m): m = (D - 1) / (1 + r D / A). By the analysis of variance of the logarithms, r is 1 - 1 / F (Searle,
    /// Casella and `McCulloch` 1992, *Variance Components*, 3.6), or zero.
    fn days_drawn(&self, days_ahead: usize) -> usize {
        let (count, n) = (self.ends.len() as f64, self.times.len() as f64);
        let mean = |times: &[f64]| times.iter().map(|x| x.ln()).sum::<f64>() / times.len() as f64;
        let grand = mean(&self.times);
        let (mut between, mut within) = (0.0, 0.0);
        for day in self.days() {
            let own = mean(day);
            between += day.len() as f64 * (own - grand).powi(2);
            within += day.iter().map(|x| (x.ln() - own).powi(2)).sum::<f64>();
        }
        let (between, within) = (between / (count - 1.0), within / (n - count));
        let differ = if between > within { 1.0 - within / between } else { 0.0 };
        let drawn = (count - 1.0) / (1.0 + differ * count / days_ahead as f64);
        (drawn.round() as usize).max(1)
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_sim::Law;

    use super::*;

    const LAW: Law = Law::Gamma { shape: 4.0, scale_s: 1.5 };

    fn quantiles(n: usize) -> Vec<f64> {
        (0..n).map(|k| LAW.seconds_at((k as f64 + 0.5) / n as f64)).collect()
    }

    /// Mean and standard deviation of the means of 600 redraws.
    fn means(times: &TimesByDay) -> (f64, f64) {
        let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
        let means: Vec<f64> = (0..600).map(|k| mean(&times.redrawn(Luck(9).child(k), Luck(11).child(k)))).collect();
        let middle = mean(&means);
        (middle, (means.iter().map(|own| (own - middle).powi(2)).sum::<f64>() / 599.0).sqrt())
    }

    /// Single times: sigma / sqrt(n), here 3 / sqrt(40) = 0.474.
    #[test]
    fn redrawn_means_differ_as_those_of_samples_do() {
        let times = TimesByDay::of(std::iter::once(quantiles(40)), 4);
        assert_eq!(times.drawn, None);
        let (mean, sd) = means(&times);
        assert!((mean - 6.0).abs() < 0.1 && (0.42..0.53).contains(&sd), "{mean}, {sd}");
    }

    /// Seven days whose means are 4.5 to 7.5, s = 1.08, and single times that add next to nothing: a week from the mean of
    /// the week before is off by s sqrt(2 / 7) = 0.577, and the redraws of three days have 1.0 / sqrt(3).
    #[test]
    fn days_that_differ_make_weeks_that_differ() {
        let day = |day: usize| quantiles(400).into_iter().map(|x| x * (0.75 + 0.5 * day as f64 / 6.0)).collect();
        let times = TimesByDay::of((0..7).map(day), 7);
        assert_eq!((times.ends.len(), times.drawn), (7, Some(3)));
        let (mean, sd) = means(&times);
        assert!((mean - 6.0).abs() < 0.1 && (0.53..0.63).contains(&sd), "{mean}, {sd}");
        // As if no day had its own: a third of it.
        let alike = TimesByDay::of((0..7).map(|day| quantiles(400 + day)), 7);
        assert_eq!(alike.drawn, Some(6));
    }

    #[test]
    fn few_times_of_a_day_count_with_its_neighbours_and_many_are_thinned_out() {
        let days = |counts: &[usize]| TimesByDay::of(counts.iter().map(|n| quantiles(*n)), 7);
        let found = days(&[3, 6, 20, 2, 20, 30]);
        assert_eq!((found.ends.clone(), found.drawn), (vec![9, 31, 51, 81], None));
        let many = days(&[8_000, 2_000]);
        assert_eq!(many.ends, [4_000, 5_000]);
        let mean = many.all().iter().sum::<f64>() / 5e3;
        assert!((mean - 6.0).abs() < 0.01, "{mean}");
    }
}
