//! The tables of the report about money.

use fleetfront_planner::{AllocationMetrics, AllocationResult, Study};

use crate::format::{Unit, estimate, plain};
use crate::table::{Table, head, number, words};

fn simulated(study: &Study) -> impl Iterator<Item = (&AllocationResult, &AllocationMetrics)> {
    study.allocations.iter().filter_map(|allocation| allocation.results.as_ref().map(|results| (allocation, results)))
}

/// What each GPU type costs in each allocation.
pub(crate) fn spending(study: &Study) -> Table {
    let columns = ["allocation", "GPU", "cost a month", "share", "idle share", "busy", "idle", "booting", "wasted"];
    let mut table = Table::new("Where the money goes", &columns);
    for (allocation, results) in simulated(study) {
        for gpu in &results.spending.gpus {
            let states = [gpu.states.busy, gpu.states.idle, gpu.states.boot, gpu.states.wasted];
            let mut row = vec![
                head(&allocation.name),
                words(&gpu.gpu),
                number(estimate(gpu.usd_month, Unit::Usd)),
                number(estimate(gpu.share, Unit::Share)),
                number(estimate(gpu.idle_share, Unit::Share)),
            ];
            row.extend(states.map(|usd| number(plain(usd, Unit::Usd))));
            table.push(row);
        }
    }
    table
}

/// What luck makes of a month's bill, and the budget where there is one.
pub(crate) fn months(study: &Study) -> Table {
    let columns = ["allocation", "cheap month (p5)", "median month", "dear month (p95)"];
    let mut table = Table::new("What a month's bill may come to", &columns);
    let budget = simulated(study).find_map(|(_, results)| results.month.budget);
    if let Some(budget) = budget {
        table.columns.push(format!("more than {}", plain(budget.budget_usd_month, Unit::Usd)));
    }
    for (allocation, results) in simulated(study) {
        let month = &results.month;
        let bills = [month.bill_usd_p5, month.bill_usd_p50, month.bill_usd_p95];
        let mut row = vec![head(&allocation.name)];
        row.extend(bills.map(|bill| number(estimate(bill, Unit::Usd))));
        if budget.is_some() {
            row.push(number(month.budget.map_or("–".to_owned(), |of| estimate(of.exceeded, Unit::Share))));
        }
        table.push(row);
    }
    table
}

/// What the table of months rests on.
pub(crate) fn months_rest_on(study: &Study) -> String {
    simulated(study).next().map_or_else(String::new, |(_, results)| format!("{}.", results.month.rests_on))
}
