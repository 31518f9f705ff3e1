//! Whose a row of a bill is.

use std::collections::{BTreeMap, BTreeSet};

use fleetfront_calibration::BillingRow;

use super::BacktestError;

/// Stands for all pools together in the place of a pool's name.
pub(crate) const ALL_POOLS: &str = "*";
/// Stands for none.
const NO_POOL: &str = "-";
/// Words of descriptions that are often another environment's.
const ASIDE: [&str; 11] =
    ["dev", "development", "stage", "staging", "test", "testing", "qa", "preview", "canary", "sandbox", "experiment"];

/// Whose a row is, a pool or all of them, and by which rule.
pub(crate) type Target = (Option<usize>, &'static str);

/// What the owner or a tag says of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Nobodys,
    Of(Target),
}

/// Gives rows to pools.
///
/// The first rule that holds counts: the owner says so (`apps`); a tag has the name of a pool; the description has the words of
/// one pool's name in it, of several the longest; the description is the name of the scenario, which is all pools together.
/// Of descriptions that have a pool's name those with the fewest other words are the pool's, where words of the scenario's name
/// do not count. Letters may be small or capital.
#[derive(Debug)]
pub(crate) struct Whose<'a> {
    apps: &'a [(String, String)],
    names: Vec<&'a str>,
    scenario: Vec<String>,
    /// The description with the fewest other words by pool, and how many it has.
    plainest: BTreeMap<usize, (usize, &'a str)>,
}

impl<'a> Whose<'a> {
    /// - `rows`: those that are to be given.
    /// - `names`: of the pools.
    ///
    /// # Errors
    /// [`BacktestError`] when an app's pool is unknown.
    pub(crate) fn of(
        rows: impl Iterator<Item = &'a BillingRow>,
        apps: &'a [(String, String)],
        names: Vec<&'a str>,
        scenario: &str,
    ) -> Result<Self, BacktestError> {
        check_apps(apps, &names)?;
        let mut own = Self { apps, names, scenario: words(scenario), plainest: BTreeMap::new() };
        let described: BTreeSet<&str> =
            rows.filter(|row| own.said(row) == Said::Nothing).map(|row| row.description.as_str()).collect();
        for description in described {
            let Some((pool, others)) = own.named(description) else { continue };
            let plainest = own.plainest.entry(pool).or_insert((others, description));
            *plainest = (*plainest).min((others, description));
        }
        Ok(own)
    }

    /// Whose a row is; `None` for nobody's.
    pub(crate) fn target(&self, row: &BillingRow) -> Option<Target> {
        match self.said(row) {
            Said::Nothing => {}
            Said::Nobodys => return None,
            Said::Of(target) => return Some(target),
        }
        if let Some((pool, others)) = self.named(&row.description) {
            let is_plainest = self.plainest.get(&pool).is_none_or(|(least, _)| others <= *least);
            return is_plainest.then_some((Some(pool), "the pool's name is in the description"));
        }
        (words(&row.description) == self.scenario).then_some((None, "the description is the scenario's name"))
    }

    /// What has to be said of a row's description: that another one fits better, or that it may be of another environment.
    pub(crate) fn doubt(&self, row: &BillingRow) -> Option<String> {
        if self.said(row) != Said::Nothing {
            return None;
        }
        let (description, (pool, others)) = (&row.description, self.named(&row.description)?);
        let (name, (least, plainest)) = (self.names[pool], self.plainest.get(&pool)?);
        if others > *least {
            return Some(format!(
                "\"{description}\" is not taken for pool {name}, since \"{plainest}\" fits it better: --bill-app \
                 \"{description}={name}\" takes both"
            ));
        }
        let aside = words(description).into_iter().find(|word| ASIDE.contains(&word.as_str()));
        let aside = aside.filter(|word| !words(name).contains(word) && !self.scenario.contains(word))?;
        Some(format!(
            "\"{description}\" is taken for pool {name}; if \"{aside}\" means that it is none of this deployment, leave it out \
             with --bill-app \"{description}={NO_POOL}\""
        ))
    }

    fn said(&self, row: &BillingRow) -> Said {
        let place = |is_it: &dyn Fn(&str) -> bool| self.names.iter().position(|name| is_it(name));
        if let Some((_, pool)) = self.apps.iter().find(|(app, _)| *app == row.description) {
            let target = (place(&|name| name == pool), "--bill-app");
            return if pool == NO_POOL { Said::Nobodys } else { Said::Of(target) };
        }
        let is_tagged = |name: &str| row.tags.values().any(|value| value.eq_ignore_ascii_case(name));
        place(&is_tagged).map_or(Said::Nothing, |place| Said::Of((Some(place), "a tag is the pool's name")))
    }

    /// The pool whose name a description has in it, and how many other words it has.
    fn named(&self, description: &str) -> Option<(usize, usize)> {
        let own = words(description);
        let is_in = |name: &[String]| !name.is_empty() && own.windows(name.len()).any(|part| part == name);
        let names: Vec<Vec<String>> = self.names.iter().map(|name| words(name)).collect();
        let longest = names.iter().filter(|name| is_in(name)).map(Vec::len).max()?;
        let mut best = (0..names.len()).filter(|place| is_in(&names[*place]) && names[*place].len() == longest);
        let (Some(place), None) = (best.next(), best.next()) else { return None };
        let is_other = |word: &&String| !names[place].contains(word) && !self.scenario.contains(word);
        Some((place, own.iter().filter(is_other).count()))
    }
}

fn check_apps(apps: &[(String, String)], names: &[&str]) -> Result<(), BacktestError> {
    let is_known = |pool: &str| [ALL_POOLS, NO_POOL].contains(&pool) || names.contains(&pool);
    let Some((app, pool)) = apps.iter().find(|(_, pool)| !is_known(pool)) else { return Ok(()) };
    let meant = fleetfront_scenario::nearest(pool, names.iter().copied());
    let meant = meant.map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
    let what = format!("--bill-app {app}={pool}: the allocation has no pool \"{pool}\"");
    let help = format!("{meant}It has {}; {ALL_POOLS} stands for all, {NO_POOL} for none", names.join(", "));
    Err(BacktestError::unfit(what, help))
}

/// Letters and digits that stand together, in lower case.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(description: &str) -> BillingRow {
        BillingRow {
            line: 2,
            object_id: "ap-1".into(),
            description: description.into(),
            environment: "main".into(),
            interval_start: "2026-01-05".into(),
            resource: String::new(),
            cost_usd: 1.0,
            tags: BTreeMap::new(),
        }
    }

    /// The place of the pool img or vid of each description in the scenario `duo`, and what is doubted.
    fn given(descriptions: &[&str], apps: &[(&str, &str)]) -> (Vec<Option<usize>>, Vec<String>) {
        let rows: Vec<BillingRow> = descriptions.iter().map(|description| row(description)).collect();
        let apps: Vec<(String, String)> =
            apps.iter().map(|(app, pool)| ((*app).to_owned(), (*pool).to_owned())).collect();
        let whose = Whose::of(rows.iter(), &apps, vec!["img", "vid"], "duo").expect("known pools");
        let places = rows.iter().map(|row| whose.target(row).and_then(|(place, _)| place)).collect();
        (places, rows.iter().filter_map(|row| whose.doubt(row)).collect())
    }

    #[test]
    fn of_several_descriptions_the_plainest_is_the_pools() {
        let (places, doubts) = given(&["duo-img-dev", "duo-img", "Vid A", "vid b", "training"], &[]);
        assert_eq!(places, [None, Some(0), Some(1), Some(1), None]);
        let [doubt] = &doubts[..] else { panic!("{doubts:?}") };
        assert!(doubt.contains("\"duo-img-dev\" is not taken for pool img, since \"duo-img\" fits"), "{doubt}");
        let (places, doubts) = given(&["duo-img-dev", "duo-img"], &[("duo-img-dev", "img")]);
        assert_eq!((places, doubts.len()), (vec![Some(0), Some(0)], 0), "the owner says so");
    }

    #[test]
    fn what_sounds_like_another_environment_is_taken_and_said() {
        let (places, doubts) = given(&["duo-img-staging", "duo-vid"], &[]);
        assert_eq!(places, [Some(0), Some(1)]);
        assert!(doubts.len() == 1 && doubts[0].contains("--bill-app \"duo-img-staging=-\""), "{doubts:?}");
        let (places, doubts) = given(&["duo-img-staging"], &[("duo-img-staging", "-")]);
        assert_eq!((places, doubts.len()), (vec![None], 0));
    }
}
