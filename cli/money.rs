//! Where the money goes, and what a month may come to, as tables.

use fleetfront_planner::{AllocationMetrics, AllocationResult};
use fleetfront_plots::format::{Unit, estimate, prose};

use crate::screen::Screen;

/// A row a GPU type of each allocation that was simulated.
pub(crate) fn show_spending(screen: &mut Screen, allocations: &[AllocationResult], basis: &str) {
    let mut rows = Vec::new();
    for (allocation, results) in simulated(allocations) {
        for (index, gpu) in results.spending.gpus.iter().enumerate() {
            rows.push(vec![
                if index == 0 { allocation.name.clone() } else { String::new() },
                gpu.gpu.clone(),
                estimate(gpu.usd_month, Unit::Usd),
                estimate(gpu.share, Unit::Share),
                estimate(gpu.idle_share, Unit::Share),
            ]);
        }
    }
    screen.titled("Where the money goes", basis);
    screen.table(&["allocation", "GPU", "cost a month", "share of it", "of that idle"], &rows, &[2, 3, 4]);
}

/// What luck makes of a month's bill: a sentence an allocation.
pub(crate) fn show_months(screen: &mut Screen, allocations: &[AllocationResult]) {
    let words = |(allocation, results): (&AllocationResult, &AllocationMetrics)| {
        let month = &results.month;
        let [low, middle, high] =
            [month.bill_usd_p5, month.bill_usd_p50, month.bill_usd_p95].map(|bill| estimate(bill, Unit::Usd));
        let budget = month.budget.map_or(String::new(), |budget| format!("; {}", prose(&budget.words())));
        format!("\"{}\": {middle}; one in twenty below {low}, one above {high}{budget}.", allocation.name)
    };
    let months: Vec<String> = simulated(allocations).map(words).collect();
    screen.list("A month's bill", &months);
    if let Some((_, results)) = simulated(allocations).next() {
        screen.paragraph(&format!("That rests on {}.", results.month.rests_on));
    }
}

fn simulated(allocations: &[AllocationResult]) -> impl Iterator<Item = (&AllocationResult, &AllocationMetrics)> {
    allocations.iter().filter_map(|allocation| allocation.results.as_ref().map(|results| (allocation, results)))
}
