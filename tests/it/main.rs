//! Integration tests.

mod bad_input;
mod benchmark_kit;
mod calibrate;
mod calibrate_files;
mod cli_backtest;
mod cli_commands;
mod cli_compare;
mod cli_elsewhere;
mod cli_export;
mod cli_fallback;
mod cli_interrupt;
mod cli_measure;
mod cli_reevaluate;
mod cli_run;
mod cli_search;
mod cli_studies;
mod cli_support;
mod cli_traffic;
mod cli_traffic_trace;
mod cli_whatif;
mod cli_why;
mod closed;
mod contract;
mod contract_groups;
mod exact;
mod modal_package;
mod oracles;
#[path = "../../scenario/src/pasted.rs"]
mod pasted;
mod platforms;
mod questions;
mod sources;
mod statistics;
mod theory;
mod threads;
mod tidy;
