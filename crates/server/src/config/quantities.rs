//! Amounts with units, as operators write them: sizes, rates, days.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fireside_gateway::limits::Quota;

/// A size in bytes, written with a unit: `64 KiB`, `1 MB`, `1000000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub usize);

/// Units of [`Bytes`], the largest binary ones first: those it is shown in.
const BYTE_UNITS: &[(&str, usize)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
    ("", 1),
];

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = || format!("{text:?} is not a size like 64 KiB, 25 MiB or 1000000");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim();
        let factor =
            BYTE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(problem)?.1;
        let number: usize = number.parse().map_err(|_| problem())?;
        number.checked_mul(factor).map(Bytes).ok_or_else(problem)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, size): &&(&str, usize)| self.0 >= *size && self.0.is_multiple_of(*size);
        match BYTE_UNITS.iter().find(fits) {
            Some((unit, size)) => write!(f, "{} {unit}", self.0 / size),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A number of days: `30 days`, `1 day`, `30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(pub u32);

impl Days {
    /// As a duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * 24 * 60 * 60)
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix("days").or_else(|| text.strip_suffix("day")).unwrap_or(text).trim();
        let days = number.parse().ok().filter(|days| *days > 0);
        days.map(Days).ok_or_else(|| format!("{text:?} is not a number of days like 30 days, at least 1 day"))
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "day" } else { "days" })
    }
}

/// How often something may happen: `5/s burst 20` is five a second, and up to twenty at once. Without a
/// burst it is as much at once as in one unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    unit: &'static str,
    burst: u32,
}

/// Units of [`Rate`] in seconds.
const RATE_UNITS: &[(&str, u64)] = &[("s", 1), ("min", 60), ("h", 3600)];

impl Rate {
    /// `count` in a `unit` of `s`, `min` or `h`, at most `burst` at once.
    pub(super) const fn new(count: u32, unit: &'static str, burst: u32) -> Rate {
        Rate { count, unit, burst }
    }

    /// As the limits want it.
    pub fn quota(&self) -> Quota {
        let unit = RATE_UNITS.iter().find(|(name, _)| *name == self.unit).map_or(1, |(_, seconds)| *seconds);
        Quota { burst: self.burst, interval: Duration::from_secs(unit) / self.count.max(1) }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = || format!("{text:?} is not a rate like 5/s burst 20, or 30/min");
        let (rate, burst) =
            text.split_once("burst").map_or((text, None), |(rate, burst)| (rate, Some(burst)));
        let (count, unit) = rate.trim().split_once('/').ok_or_else(problem)?;
        let number = |text: &str| text.trim().parse().ok().filter(|number: &u32| *number > 0);
        let count = number(count).ok_or_else(problem)?;
        let unit = RATE_UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(problem)?.0;
        let burst = burst.map_or(Some(count), number).ok_or_else(problem)?;
        Ok(Rate { count, unit, burst })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} burst {}", self.count, self.unit, self.burst)
    }
}
