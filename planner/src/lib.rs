//! Questions over many simulations: experiment, frontier, verdict, recommendation.
//!
//! Deliberately absent: files, figures, printing.

mod advice;
mod allocation;
mod assumptions;
mod backtest;
mod basis;
mod bounds;
mod break_even;
mod combined;
mod compare;
mod control;
mod coupled;
mod criteria;
mod deployment;
mod diff;
mod elsewhere;
mod engine_pool;
mod estimate;
mod experiment;
mod fallback;
mod fleet_criteria;
mod fleets;
mod foundation;
mod fresh;
mod frontier;
mod groups;
mod knob;
mod lateness;
mod metrics;
mod month;
mod naive;
mod neighbours;
mod number_json;
mod origin;
mod pairing;
mod partition;
mod perfect;
mod points;
mod pooled;
mod race;
mod recommend;
mod recommendation;
mod reevaluate;
mod replan;
mod replications;
mod requests;
mod results;
mod run;
#[cfg(test)]
mod runs_tests;
#[cfg(test)]
mod search_tests;
mod sections;
mod space;
mod spending;
mod static_fleet;
pub mod statistics;
mod study;
mod summary;
mod tally;
mod tariff;
mod theory;
mod unserved;
mod verdict;
#[cfg(test)]
mod waiting_tests;
mod what_if;
mod why;
mod worlds;

pub use assumptions::assumptions;
pub use backtest::{
    BACKTEST_WORLDS_MIN, Backtest, BacktestError, BacktestLine, BacktestOptions, BacktestSubject, BacktestVerdict,
    Backtested, Bill, BillTold, Calibrated, Cause, Dates, GivenTraffic, HoursWithout, LawTold, MatchedRows, Metric,
    Observed, Period, ReadyBacktest, SeenRequest, SimulatedPeriod, UnmatchedRows, Unshown,
};
pub use basis::{Based, Basis, shown_digest};
pub use bounds::{Bounds, ModelBounds, PoolBounds, Stated};
pub use compare::{Comparison, Difference, OpenQuestion, Precision, compare};
pub use control::{Control, Effort, Interrupted};
pub use deployment::{Deployment, SnapshotCell};
pub use diff::{
    AnswerDiff, CriterionChange, DecisionDiff, InTime, MetricDiff, Move, SettingMove, StudyDiff, StudyName, Told, diff,
};
pub use elsewhere::{CostThere, DefaultWindow, Elsewhere, PlatformCost, elsewhere};
pub use engine_pool::container_price;
pub use estimate::{Estimate, paired_ratio, ratio, sectioned, sectioned_ratio};
pub use fallback::{
    FailureLevel, FallbackAnswer, FallbackError, FallbackPair, FallbackPairs, FallbackPlace, FallbackPoint,
    FallbackPolicy, FallbackStudy, LevelSource, Payoff, PolicyResult, ScarcityLevel, fallback_pairs, fallback_study,
};
pub use frontier::frontier_of_sums;
pub use knob::KnobUnit;
pub use metrics::{CostByState, Metrics};
pub use month::{BudgetOutlook, MonthlyBill};
pub use naive::naive_estimates;
pub use origin::Origin;
pub use pairing::Probabilities;
pub use points::schedule_words;
pub use recommendation::{FreshDays, Obstacle, Recommendation};
pub use reevaluate::{
    Assumption, Drift, Fired, Indifferent, ObservedCalls, ObservedModel, Question, Reevaluation, SaidOfCalls, Trigger,
    drift, reevaluate,
};
pub use replan::replan;
pub use replications::{Look, ModelReplication, PoolReplication, Replication, TracedEvent, replicate, trace_trial};
pub use run::{run_study, search_frontier, simulate_allocation};
pub use space::{Pruned, SearchSpace, search_space};
pub use spending::{GpuSpending, HourSpending, NamedSpending, ROUNDING, Spending, SpendingLine, StateUsd};
pub use static_fleet::StaticPool;
pub use study::{
    AllocationMetrics, AllocationResult, Bridge, BridgeStep, CellFailureSummary, CellSummary, Choice, CriterionResult,
    Day, FleetPoint, Frontier, GpuSummary, Judgement, ModelResult, ModelSummary, NaiveComparison, NaiveEstimate, Point,
    PoolResult, Role, STUDY_FORMAT, Study, Verdict,
};
pub use summary::{cell_summaries, request_words, warnings};
pub use theory::{PoolTheory, SingleContainerTheory};
pub use unserved::{Unserved, unserved};
pub use what_if::{Change, ChangeGroup, CriterionTurn, Now, WhatIf, what_if};
pub use why::{Rival, Why, why};
pub use worlds::{
    AllocationWorlds, ChoiceNow, Components, CriterionChance, Measurement, MonthBill, Unknown, WORLDS_MIN, Worlds,
    WorldsEffort, unknowns, worlds,
};
