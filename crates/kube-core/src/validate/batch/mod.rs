//! The kinds of the group `batch`: what runs to completion.

mod cron_job;
mod failure_policy;
mod indexes;
mod job;
mod job_spec;
mod job_status;
mod job_update;
mod selector;
#[cfg(test)]
mod status_tests;
mod success_policy;
#[cfg(test)]
mod tests;
