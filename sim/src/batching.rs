//! `@modal.batched`: inputs that are executed together.

use serde::{Deserialize, Serialize};

use crate::law::Law;
use crate::quantities::SimSpan;

/// When a batch starts, and how long it lasts.
///
/// A batch starts on an idle container when `max_batch_size` inputs are queued, or when the wait is over. It takes the
/// head of the queue, and lasts as long as its longest item by itself, and `item_share` of each other item, all with the
/// spread of its first input. Where all items have one shape that is `service * (1 + item_share * (size - 1))`: a base
/// that is the same for every size, and a part for each item.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Batching {
    /// Most inputs of a batch, at least 1.
    pub max_batch_size: u32,
    /// How long a batch that is not full waits for more.
    pub wait: BatchWait,
    /// The share of a single input's service time that each further input adds, from 0 (a batch lasts as long as one) to
    /// 1 (no gain).
    pub item_share: f64,
}

/// How long a batch that is not full waits for more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchWait {
    /// Until its first input has waited so long: the platform's `wait_ms`.
    Oldest(SimSpan),
    /// A time drawn from this law, which runs only while a container is idle; for comparison with theory.
    WhileIdle(Law),
}

impl Batching {
    /// How long a batch lasts that begins with a request of this service time.
    ///
    /// - `factors`: what their shapes make of the service times of its items, the first item first.
    pub(crate) fn duration(&self, service: SimSpan, factors: impl Iterator<Item = f64>) -> SimSpan {
        let (mut first, mut longest, mut sum) = (1.0, 0.0, 0.0);
        for (place, factor) in factors.enumerate() {
            first = if place == 0 { factor } else { first };
            longest = f64::max(longest, factor);
            sum += factor;
        }
        SimSpan((service.0 as f64 * ((longest + self.item_share * (sum - longest)) / first)).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_lasts_a_base_and_a_part_for_each_item() {
        let wait = BatchWait::Oldest(SimSpan::ZERO);
        // 8 s and 0.5 s an item: one alone lasts 8.5 s.
        let batching = Batching { max_batch_size: 8, wait, item_share: 0.5 / 8.5 };
        let second = 1_000_000_000;
        let alike = |n: usize| batching.duration(SimSpan(17 * second / 2), std::iter::repeat_n(1.0, n)).0;
        assert_eq!([1, 2, 8].map(alike), [17 * second / 2, 9 * second, 12 * second]);
    }

    #[test]
    fn a_batch_of_many_shapes_lasts_its_longest_item_and_a_part_of_the_others() {
        let wait = BatchWait::Oldest(SimSpan::ZERO);
        let lasts = |item_share, service_s: u64, factors: &[f64]| {
            let batching = Batching { max_batch_size: 8, wait, item_share };
            batching.duration(SimSpan(service_s * 1_000_000_000), factors.iter().copied()).0 / 1_000_000_000
        };
        // 10 s at the reference: items of 20, 5 and 40 s. Side by side they take the longest, one by one their sum.
        assert_eq!([0.0, 0.4, 1.0].map(|share| lasts(share, 20, &[2.0, 0.5, 4.0])), [40, 50, 65]);
        // The order of the items changes nothing but whose spread it is.
        assert_eq!([0.0, 0.4, 1.0].map(|share| lasts(share, 40, &[4.0, 2.0, 0.5])), [40, 50, 65]);
    }
}
