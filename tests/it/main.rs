//! Integration tests.

mod bad_input;
mod cli_commands;
mod cli_compare;
mod cli_interrupt;
mod cli_reevaluate;
mod cli_run;
mod cli_search;
mod cli_support;
mod cli_why;
mod contract;
mod contract_groups;
mod exact;
mod oracles;
mod statistics;
mod theory;
mod threads;
mod tidy;
