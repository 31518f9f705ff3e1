//! The answer in sentences.

use crate::worlds::{AllocationWorlds, Measurement, MonthBill, Unknown, Worlds};

/// The choice, how it may be wrong, and what to measure first.
pub(crate) fn headline(of: &Worlds) -> String {
    if let [only] = of.allocations.as_slice() {
        return only.words() + ".";
    }
    let choice = &of.choice;
    let chosen = format!("With what is known, \"{}\" is the choice", choice.chosen);
    if of.worlds == 0 {
        return format!("{chosen}. Nothing is open: no number that it rests on is unknown.");
    }
    let wrong = choice.wrong.value;
    if !choice.is_open {
        let everywhere = if wrong > 0.0 { "" } else { " in every world" };
        let rest = if wrong > 0.0 {
            format!(" Another would be right in {} of the worlds, by no more than luck makes of it.", percent(wrong))
        } else {
            String::new()
        };
        return format!("{chosen}{everywhere}. Nothing is open: no measurement would change it.{rest}");
    }
    let loss = choice.loss_usd_month.value;
    let open = format!(
        "{chosen}; it is wrong in {} of the worlds, which loses ${} a month in the mean.",
        percent(wrong),
        dollars(loss)
    );
    let shown: Vec<&Measurement> = of.measurements.iter().filter(|measurement| measurement.is_shown).collect();
    match shown.as_slice() {
        [] => format!("{open} No single number is shown to decide it."),
        [first, rest @ ..] => {
            let next = rest.first().map_or(String::new(), |second| format!(" Next: {}.", advice(second, false)));
            format!("{open} Measure first: {}.{next}{}", advice(first, true), few_worlds(wrong, of.worlds))
        }
    }
}

/// A few worlds in which another choice is right tell badly what decides it: with ten a share of one half is known to 0.2 to 0.8.
fn few_worlds(wrong: f64, worlds: u32) -> String {
    let count = (wrong * f64::from(worlds)).round();
    if count >= 10.0 {
        return String::new();
    }
    let are = if count <= 1.0 { "That is one world".to_owned() } else { format!("Those are {count} worlds") };
    format!(" {are} of {worlds}, too few to tell well what decides it: draw more (--worlds).")
}

/// `benchmark instantid on A10 (about 20 runs): it decides 60 % of what is open`.
fn advice(of: &Measurement, in_full: bool) -> String {
    let what = if in_full { "it decides " } else { "" };
    let open = if in_full { " of what is open" } else { "" };
    format!("{}: {what}{}{open}", of.words(), percent(of.share))
}

impl Measurement {
    /// What to do, and about how often: `benchmark instantid on A10 (about 20 runs)`.
    #[must_use]
    pub fn words(&self) -> String {
        let Unknown { measure, counted, .. } = &self.unknown;
        match self.count_words() {
            Some(count) => format!("{measure} (about {count})"),
            None => format!("{measure} (no number of {counted} is enough)"),
        }
    }

    /// About how often: `20 runs`.
    #[must_use]
    pub fn count_words(&self) -> Option<String> {
        self.count.map(|count| format!("{} {}", rounded(count), self.unknown.counted))
    }
}

impl AllocationWorlds {
    /// What a month may come to, and how much of that nobody measured.
    #[must_use]
    pub fn words(&self) -> String {
        let of = |bill: MonthBill| format!("${} to ${}", dollars(bill.p5), dollars(bill.p95));
        let Some(cost) = self.cost_usd_month else {
            return format!("\"{}\": cost {} a month (90 %), all of it luck", self.name, of(self.bill_usd_luck));
        };
        format!(
            "\"{}\": cost {} a month (90 %), of which {} is what nobody measured; by luck alone {}",
            self.name,
            of(self.bill_usd),
            percent(cost.ignorance_share.value),
            of(self.bill_usd_luck)
        )
    }
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.5 => "less than 1 %".to_owned(),
        percent if (99.5..100.0).contains(&percent) => "more than 99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// Without cents from ten dollars on.
fn dollars(usd: f64) -> String {
    if usd.abs() < 10.0 { format!("{usd:.2}") } else { format!("{usd:.0}") }
}

/// To two digits: more are not known.
fn rounded(count: u32) -> u32 {
    let mut unit = 1;
    while count / unit >= 100 {
        unit *= 10;
    }
    count.div_ceil(unit) * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_far_as_they_are_known() {
        assert_eq!([3, 47, 100, 101, 12_345].map(rounded), [3, 47, 100, 110, 13_000]);
        assert_eq!(
            [0.0, 0.001, 0.234, 0.999, 1.0].map(percent),
            ["0 %", "less than 1 %", "23 %", "more than 99 %", "100 %"]
        );
        assert_eq!([3.456, 123.4].map(dollars), ["3.46", "123"]);
    }

    #[test]
    fn what_hardly_any_world_says_is_said_to_be_little() {
        let ends = "of 500, too few to tell well what decides it: draw more (--worlds).";
        assert_eq!(few_worlds(0.002, 500), format!(" That is one world {ends}"));
        assert_eq!(few_worlds(0.018, 500), format!(" Those are 9 worlds {ends}"));
        assert_eq!(few_worlds(0.02, 500), "");
    }
}
