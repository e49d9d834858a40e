//! What came of each stage, line by line, and of all of them in one.

use std::process::ExitCode;
use std::time::Instant;

use super::tally::Tally;
use crate::child::Failure;

/// How a stage ended.
pub enum Outcome {
    /// It holds; the text is a remark.
    Done(String),
    /// A test runner ran; `success` is its own opinion.
    Ran {
        /// What it counted.
        tally: Tally,
        /// Its exit status.
        success: bool,
    },
    /// It could not be tried, and that is allowed; the text says why.
    Skipped(String),
}

/// The stages so far.
#[derive(Default)]
pub struct Report {
    tally: Tally,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Report {
    /// Runs one stage and prints its line. What goes wrong in it is written down and does not end the run.
    ///
    /// # Errors
    /// [`Failure::Stopped`] when the user asked to stop.
    pub fn stage(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<Outcome, Failure>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let result = work();
        let seconds = began.elapsed().as_secs_f64();
        let line = |end: &str, remark: &str| println!("{end:<8} {name:<16} {seconds:>7.1} s  {remark}");
        match result {
            Ok(Outcome::Done(remark)) => line("ok", &remark),
            Ok(Outcome::Skipped(reason)) => {
                line("skipped", &reason);
                self.skipped.push(name.to_owned());
            }
            Ok(Outcome::Ran { tally, success }) => {
                let holds = success && tally.failed == 0;
                line(if holds { "ok" } else { "FAILED" }, &tally.to_string());
                self.tally += tally;
                if !holds {
                    self.failed.push(name.to_owned());
                    // A runner that broke down before it counted a failure is one.
                    self.tally.failed += u64::from(tally.failed == 0);
                }
            }
            Err(Failure::Said(text)) => {
                println!("{}", text.trim_end());
                line("FAILED", "");
                self.failed.push(name.to_owned());
                self.tally.failed += 1;
            }
            Err(Failure::Stopped) => return Err(Failure::Stopped),
        }
        Ok(())
    }

    /// Prints what failed and was skipped, and last the line that counts: tests that ran, and besides them each
    /// stage that failed or was skipped as one.
    pub fn close(mut self) -> ExitCode {
        let none_ran = self.tally.ran() == 0;
        if none_ran {
            self.failed.push("no test ran".to_owned());
        }
        for (end, names) in [("failed", &self.failed), ("skipped", &self.skipped)] {
            if !names.is_empty() {
                println!("{end}: {}", names.join(", "));
            }
        }
        self.tally.skipped += self.skipped.len() as u64;
        println!("{}", self.tally);
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(passed: u64, failed: u64, success: bool) -> Result<Outcome, Failure> {
        Ok(Outcome::Ran { tally: Tally { passed, failed, skipped: 0 }, success })
    }

    #[test]
    fn green_is_only_what_ran_and_held() {
        let verdict = |outcomes: Vec<Result<Outcome, Failure>>| {
            let mut report = Report::default();
            for outcome in outcomes {
                report.stage("stage", || outcome).expect("nobody asked to stop");
            }
            (report.tally.failed, report.close())
        };
        assert_eq!(verdict(vec![ran(3, 0, true)]), (0, ExitCode::SUCCESS));
        assert_eq!(
            verdict(vec![ran(3, 0, true), Ok(Outcome::Skipped("why".into()))]),
            (0, ExitCode::SUCCESS)
        );
        assert_eq!(verdict(vec![ran(3, 1, false)]), (1, ExitCode::FAILURE));
        assert_eq!(verdict(vec![ran(3, 0, false)]), (1, ExitCode::FAILURE));
        assert_eq!(verdict(vec![ran(3, 0, true), Err(Failure::Said("why".into()))]), (1, ExitCode::FAILURE));
        assert_eq!(verdict(vec![Ok(Outcome::Done(String::new()))]), (0, ExitCode::FAILURE));
    }

    #[test]
    fn a_stop_ends_the_run() {
        let stopped = Report::default().stage("stage", || Err(Failure::Stopped));
        assert!(matches!(stopped, Err(Failure::Stopped)));
    }
}
