//! What a second of each thing costs.

use fleetfront_sim::UsdPerSecond;

use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::table::{Bound, Table};

const COLUMNS: [&str; 5] = ["item", "usd_per_second", "kind", "source", "date"];

/// Nothing costs as much a second; every GPU costs more an hour.
const PRICE_MAX: f64 = 0.1;

/// List prices, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    rows: Vec<PriceRow>,
}

/// The price of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// A GPU type, `cpu_core` (one physical core) or `memory_gib` (one GiB).
    pub item: String,
    /// Its price before any region multiplier.
    pub usd_per_second: UsdPerSecond,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Prices {
    /// Reads the columns `item,usd_per_second,kind,source,date`.
    ///
    /// # Errors
    /// Every problem of the file, in the order of its lines.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut table = Table::read(file, text, &COLUMNS, |row| {
            let item = row.text("item");
            let price = row.number("usd_per_second", Bound::NotNegative);
            if let Some(hourly) = price.filter(|price| *price >= PRICE_MAX) {
                let message = format!("{hourly} dollars a second are {} an hour", hourly * 3600.0);
                row.reject("usd_per_second", message, "give dollars a second: divide an hourly price by 3600");
            }
            let price = price.map(UsdPerSecond::new);
            let provenance = row.provenance();
            // `number` has accepted the price, so the conversion cannot fail.
            Some(PriceRow { line: row.line(), item: item?, usd_per_second: price?.ok()?, provenance: provenance? })
        });
        table.reject_repeats("item", |row: &PriceRow| Some((row.line, row.item.clone())));
        Ok(Self { rows: table.finish_filled()? })
    }

    /// The price of an item.
    #[must_use]
    pub fn price(&self, item: &str) -> Option<&PriceRow> {
        self.rows.iter().find(|row| row.item == item)
    }

    /// All prices, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[PriceRow] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Kind;

    #[test]
    fn a_price_is_found_with_its_provenance() {
        let text = "item,usd_per_second,kind,source,date\nT4,0.000164,published,a page,2026-09-18\n";
        let prices = Prices::read("prices.csv", text).expect("valid");
        let t4 = prices.price("T4").expect("given");
        assert!((t4.usd_per_second.get() - 0.000_164).abs() < 1e-15);
        assert_eq!((t4.provenance.kind, t4.provenance.date.as_str()), (Kind::Published, "2026-09-18"));
        assert_eq!(prices.price("L4"), None);
    }

    #[test]
    fn a_price_per_hour_is_recognised() {
        let text = "item,usd_per_second,kind,source,date\nT4,0.59,published,a page,2026-09-18\n";
        let found = Prices::read("prices.csv", text).expect_err("bad input");
        assert_eq!((found[0].line, found[0].key.as_str()), (Some(2), "usd_per_second"));
        assert!(found[0].help.contains("divide an hourly price by 3600"), "{}", found[0]);
    }

    #[test]
    fn negative_prices_missing_provenance_and_repeats_are_named() {
        let text = "item,usd_per_second,kind,source,date\nT4,-1,published,a,b\nL4,0.001,,,\nA10,0.001,guessed,a,b\nB,0.001,assumed,a,b\nB,0.002,assumed,a,b\n";
        let found = Prices::read("prices.csv", text).expect_err("bad input");
        let keys: Vec<_> = found.iter().map(|p| (p.line.expect("a line"), p.key.as_str())).collect();
        assert_eq!(
            keys,
            [(2, "usd_per_second"), (3, "kind"), (3, "source"), (3, "date"), (4, "kind"), (6, "item")],
            "{found:#?}"
        );
        assert_eq!(found[5].message, "B is already given in line 5");
    }
}
