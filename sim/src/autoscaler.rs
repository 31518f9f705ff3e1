//! How many containers a pool wants: the platform's scaling rule, in one function.

use crate::pool::Pool;

/// The containers that the autoscaler wants for `inputs` requests, running and queued:
/// `clamp(max(min, ceil(inputs / max_inputs) + buffer), .., max)`, the buffer only while there are inputs.
///
/// Evaluated at every arrival and retry (nothing else can raise it); `desired - (booting + up)` containers are
/// started if positive. It is the floor of the scale-down as well: a container whose window has run out stops only
/// while the pool is above it.
#[inline]
pub(crate) fn desired_containers(pool: &Pool, inputs: u32) -> u32 {
    // Mostly they fit into one container, which spares the division.
    let for_inputs = if inputs <= pool.max_inputs { inputs.min(1) } else { inputs.div_ceil(pool.max_inputs) };
    let buffer = if inputs > 0 { pool.buffer_containers } else { 0 };
    for_inputs.saturating_add(buffer).max(pool.min_containers).min(pool.max_containers)
}

/// Whether `containers` are certainly as many as the autoscaler wants, without its division.
#[inline]
pub(crate) fn has_plenty(pool: &Pool, inputs: u32, containers: u32) -> bool {
    let capacity = u64::from(containers) * u64::from(pool.max_inputs);
    pool.buffer_containers == 0 && containers >= pool.min_containers && u64::from(inputs) <= capacity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::tests::pool;

    #[test]
    fn inputs_fill_containers_before_another_starts() {
        let five = Pool { max_inputs: 5, ..pool() };
        let wanted: Vec<u32> = [0, 1, 5, 6, 11].iter().map(|inputs| desired_containers(&five, *inputs)).collect();
        assert_eq!(wanted, [0, 1, 1, 2, 3]);
    }

    #[test]
    fn the_buffer_stands_only_while_the_pool_is_active() {
        let buffered = Pool { buffer_containers: 2, min_containers: 1, ..pool() };
        assert_eq!(desired_containers(&buffered, 0), 1);
        assert_eq!(desired_containers(&buffered, 1), 3);
    }

    #[test]
    fn plenty_means_that_no_container_is_wanted() {
        for max_inputs in 1..4 {
            for buffer_containers in 0..2 {
                let some = Pool { max_inputs, buffer_containers, min_containers: 1, max_containers: 5, ..pool() };
                for (inputs, containers) in (0..12).flat_map(|i| (0..6).map(move |c| (i, c))) {
                    let enough = desired_containers(&some, inputs) <= containers;
                    assert!(enough || !has_plenty(&some, inputs, containers), "{inputs} inputs, {containers} up");
                }
            }
        }
    }

    #[test]
    fn min_and_max_bound_the_wish() {
        let bounded = Pool { min_containers: 2, max_containers: 4, ..pool() };
        assert_eq!(desired_containers(&bounded, 0), 2);
        assert_eq!(desired_containers(&bounded, 100), 4);
    }
}
