//! Who runs where: servers and clients that would have machines of their own get a processor each, as far as there are any.

use rustix::process::{Pid, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How nice those are who give way.
const GIVES_WAY: i32 = 10;

/// The processors that this process was given.
#[derive(Debug, Clone)]
pub struct Processors(Vec<usize>);

impl Processors {
    /// Those that this process may use.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn given() -> Result<Processors, String> {
        let given = sched_getaffinity(None).map_err(|error| error.to_string())?;
        Ok(Processors((0..CpuSet::MAX_CPU).filter(|number| given.is_set(*number)).collect()))
    }

    /// From now on this process, and each that it starts, keeps to one of them.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn keep_to(&self, number: usize) -> Result<(), String> {
        let mut one = CpuSet::new();
        one.set(self.0[number % self.0.len()]);
        for thread in threads()? {
            sched_setaffinity(Some(thread), &one).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// From now on this process, and each that it starts, gives way to others.
///
/// # Errors
/// When the system refuses.
pub fn give_way() -> Result<(), String> {
    for thread in threads()? {
        setpriority_process(Some(thread), GIVES_WAY).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn threads() -> Result<Vec<Pid>, String> {
    let tasks = std::fs::read_dir("/proc/self/task").map_err(|error| error.to_string())?;
    Ok(tasks
        .filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Pid::from_raw)
        .collect())
}
