//! Integration tests.

mod contract;
mod exact;
mod theory;
mod tidy;
