//! Tests of whole logs: rules, real traces, garbage.

mod files;
mod garbage;
mod numbers;
mod pairs;
mod real_traces;
mod rules;
