//! How many containers a pool wants: the platform's scaling rule, in one function.

use crate::pool::Pool;

/// The containers that the autoscaler wants for `inputs` requests, running and queued, with these bounds:
/// `clamp(max(min, ceil(inputs / target_inputs) + buffer), .., max)`, the buffer only while there are inputs (unless
/// the pool says `buffer_always`).
///
/// Evaluated at every arrival, retry and change of bounds (nothing else can raise it); `desired - (booting + up)`
/// containers are started if positive. It is the floor of the scale-down as well: a container whose window has run out
/// stops only while the pool is above it.
#[inline]
pub(crate) fn desired_containers(pool: &Pool, min: u32, max: u32, inputs: u32) -> u32 {
    // Mostly they fit into one container, which spares the division.
    let for_inputs = if inputs <= pool.target_inputs { inputs.min(1) } else { inputs.div_ceil(pool.target_inputs) };
    let buffer = if inputs > 0 || pool.buffer_always { pool.buffer_containers } else { 0 };
    for_inputs.saturating_add(buffer).max(min).min(max)
}

/// Whether `containers` are certainly as many as the autoscaler wants, without its division.
#[inline]
pub(crate) fn has_plenty(pool: &Pool, min: u32, inputs: u32, containers: u32) -> bool {
    let capacity = u64::from(containers) * u64::from(pool.target_inputs);
    pool.buffer_containers == 0 && containers >= min && u64::from(inputs) <= capacity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::tests::pool;

    fn desired(pool: &Pool, inputs: u32) -> u32 {
        desired_containers(pool, pool.min_containers, pool.max_containers, inputs)
    }

    #[test]
    fn inputs_fill_containers_before_another_starts() {
        let five = Pool { max_inputs: 5, target_inputs: 5, ..pool() };
        let wanted: Vec<u32> = [0, 1, 5, 6, 11].iter().map(|inputs| desired(&five, *inputs)).collect();
        assert_eq!(wanted, [0, 1, 1, 2, 3]);
    }

    #[test]
    fn the_autoscaler_plans_with_target_inputs() {
        let burst = Pool { max_inputs: 5, target_inputs: 2, ..pool() };
        let wanted: Vec<u32> = [1, 2, 3, 5].iter().map(|inputs| desired(&burst, *inputs)).collect();
        assert_eq!(wanted, [1, 1, 2, 3]);
    }

    #[test]
    fn the_buffer_stands_only_while_the_pool_is_active() {
        let buffered = Pool { buffer_containers: 2, min_containers: 1, ..pool() };
        assert_eq!((desired(&buffered, 0), desired(&buffered, 1)), (1, 3));
        let always = Pool { buffer_always: true, ..buffered };
        assert_eq!((desired(&always, 0), desired(&always, 1)), (2, 3));
    }

    #[test]
    fn plenty_means_that_no_container_is_wanted() {
        for target_inputs in 1..4 {
            for buffer_containers in 0..2 {
                let some = Pool { max_inputs: 3, target_inputs, buffer_containers, max_containers: 5, ..pool() };
                for (inputs, containers) in (0..12).flat_map(|i| (0..6).map(move |c| (i, c))) {
                    let enough = desired_containers(&some, 1, 5, inputs) <= containers;
                    assert!(enough || !has_plenty(&some, 1, inputs, containers), "{inputs} inputs, {containers} up");
                }
            }
        }
    }

    #[test]
    fn min_and_max_bound_the_wish() {
        let bounded = Pool { min_containers: 2, max_containers: 4, ..pool() };
        assert_eq!((desired(&bounded, 0), desired(&bounded, 100)), (2, 4));
    }
}
