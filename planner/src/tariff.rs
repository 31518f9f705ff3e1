//! What a container costs in each state.

use fleetfront_scenario::{Gpu, Platform};
use fleetfront_sim::{State, UsdPerSecond};

use crate::engine_pool::container_price;

/// The price of a container, and the states in which it is paid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tariff {
    price: UsdPerSecond,
    bills_boot: bool,
    bills_idle: bool,
}

impl Tariff {
    /// Of one container of a GPU type.
    ///
    /// - `gpus`: how many GPUs it holds.
    pub(crate) fn of(platform: &Platform, gpu: &Gpu, gpus: u32) -> Self {
        let Platform { bills_boot, bills_idle, .. } = *platform;
        Self { price: container_price(platform, gpu, gpus), bills_boot, bills_idle }
    }

    /// Dollars a second in a state.
    #[inline]
    pub(crate) fn get(self, state: State) -> f64 {
        if is_billed(state, self.bills_boot, self.bills_idle) { self.price.get() } else { 0.0 }
    }
}

fn is_billed(state: State, bills_boot: bool, bills_idle: bool) -> bool {
    match state {
        State::Boot => bills_boot,
        State::Idle => bills_idle,
        State::Busy | State::Wasted => true,
    }
}

/// Whether a platform bills a state.
pub(crate) fn bills(platform: &Platform, state: State) -> bool {
    is_billed(state, platform.bills_boot, platform.bills_idle)
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::{Files, Scenario};

    use super::*;

    #[test]
    fn what_is_free_costs_nothing() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let free = Platform { bills_boot: false, bills_idle: false, ..scenario.platform.clone() };
        let of = |platform: &Platform| State::ALL.map(|state| Tariff::of(platform, &scenario.gpus[3], 1).get(state));
        let price = 0.000_590_62;
        assert!(of(&scenario.platform).iter().all(|usd| (usd - price).abs() < 1e-12));
        let [boot, busy, idle, wasted] = of(&free);
        assert_eq!((boot, idle), (0.0, 0.0));
        assert!((busy - price).abs() < 1e-12 && (wasted - price).abs() < 1e-12);
    }
}
