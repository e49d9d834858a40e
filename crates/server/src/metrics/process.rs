//! What the operating system knows of this process, under the names that every Prometheus client uses:
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>. Read from `/proc`; where
//! there is none, there are no such metrics.

use std::fs;

use metrics::{counter, gauge};

/// Clock ticks a second in `/proc`: `USER_HZ`, part of Linux's interface to programs and 100 everywhere.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads all of them.
pub(super) fn read() {
    if let Ok(stat) = fs::read_to_string("/proc/self/stat") {
        read_stat(&stat);
    }
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let kib = |name: &str| field(&status, name).map(|kib| kib * 1024.0);
        set("process_resident_memory_bytes", kib("VmRSS:"));
        set("process_virtual_memory_bytes", kib("VmSize:"));
        set("process_threads", field(&status, "Threads:"));
    }
    set("process_open_fds", fs::read_dir("/proc/self/fd").ok().map(|fds| fds.count() as f64));
    let limits = fs::read_to_string("/proc/self/limits").ok();
    set("process_max_fds", limits.and_then(|limits| field(&limits, "Max open files")));
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        set("fireside_tasks", Some(runtime.metrics().num_alive_tasks() as f64));
    }
}

fn set(name: &'static str, value: Option<f64>) {
    if let Some(value) = value {
        gauge!(name).set(value);
    }
}

/// The first number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Processor time and start, by their place in proc_pid_stat(5).
fn read_stat(stat: &str) {
    // The second field is the program's name, which may hold spaces and brackets.
    let Some((_, fields)) = stat.rsplit_once(") ") else { return };
    let fields: Vec<&str> = fields.split(' ').collect();
    let number = |place: usize| fields.get(place - 3).and_then(|field| field.parse::<f64>().ok());
    if let (Some(user), Some(system)) = (number(14), number(15)) {
        // Whole seconds: a counter of this library has no fraction.
        counter!("process_cpu_seconds_total").absolute(((user + system) / TICKS_PER_SECOND) as u64);
    }
    let booted = fs::read_to_string("/proc/stat").ok().and_then(|stat| field(&stat, "btime"));
    let started = number(22).zip(booted).map(|(ticks, booted)| booted + ticks / TICKS_PER_SECOND);
    set("process_start_time_seconds", started);
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn numbers_are_found_behind_their_names() {
        let status = "Name:\tfireside\nVmRSS:\t   12345 kB\nThreads:\t4\n";
        assert_eq!(field(status, "VmRSS:"), Some(12_345.0));
        assert_eq!(field(status, "Threads:"), Some(4.0));
        assert_eq!(
            field("Max open files            1024                 4096 files\n", "Max open files"),
            Some(1024.0)
        );
        assert_eq!(field(status, "VmSwap:"), None);
    }
}
