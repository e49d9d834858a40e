//! What is said in the demo: the files in `talk/`, one a place, and how they are read.
//!
//! A file begins with the place, and then has one heading a message:
//!
//! ```text
//! # Harbour
//! topic: Boats and berths
//! with: ada bjorn chioma          the first one makes the room
//! kind: public                    or private, direct, or first: the room that every server begins with
//!
//! ## -3 09:12 ada                 three days ago, at 09:12 UTC
//! Good morning!
//! === edited                      what it says since two minutes later
//! Good morning, all!
//!
//! ## -41m bjorn, deleted          41 minutes ago; deleted three minutes later
//! ```

use fireside_kernel::{Error, Result};
use fireside_protocol::Time;

const FILES: &[&str] = &[
    include_str!("talk/general.md"),
    include_str!("talk/harbour.md"),
    include_str!("talk/deploys.md"),
    include_str!("talk/on-call.md"),
    include_str!("talk/languages.md"),
    include_str!("talk/tea-and-code.md"),
    include_str!("talk/new-berths.md"),
    include_str!("talk/running-club.md"),
    include_str!("talk/books.md"),
    include_str!("talk/hiring.md"),
    include_str!("talk/ada-bjorn.md"),
    include_str!("talk/ada-chioma.md"),
    include_str!("talk/ada-layla.md"),
    include_str!("talk/ada-yuki.md"),
    include_str!("talk/bjorn-chioma.md"),
];
const MINUTE_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const EDITED_AFTER_MS: i64 = 2 * MINUTE_MS;
const DELETED_AFTER_MS: i64 = 3 * MINUTE_MS;

/// A room, or a conversation of two.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) topic: String,
    /// Usernames; the first one makes the room.
    pub(super) members: Vec<String>,
    pub(super) is_private: bool,
    pub(super) is_direct: bool,
    /// It is the room that a server has when it gets its administrator.
    pub(super) is_first: bool,
}

/// When something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// So many days before today, so many minutes after midnight (UTC).
    Day { days: i64, minutes: i64 },
    /// So many minutes before now.
    Ago { minutes: i64 },
}

/// What somebody says.
#[derive(Debug)]
pub(super) struct Line {
    /// Index of the place.
    pub(super) place: usize,
    pub(super) who: String,
    pub(super) text: String,
    when: When,
    edited: Option<String>,
    is_deleted: bool,
}

/// Something that happens to a line.
#[derive(Debug)]
pub(super) enum Word<'a> {
    Says,
    Edits(&'a str),
    Deletes,
}

/// What happens at a moment.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// In ms after now, so negative.
    pub(super) at_ms: i64,
    /// Index of the line.
    pub(super) line: usize,
    pub(super) word: Word<'a>,
}

/// All places and all that is said.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) places: Vec<Place>,
    pub(super) lines: Vec<Line>,
}

impl Script {
    /// Reads the files.
    ///
    /// # Errors
    /// `internal`, with what cannot be read; a test reads them too.
    pub(super) fn read() -> Result<Script> {
        let mut script = Script::default();
        for file in FILES {
            let (head, lines) = file.split_once("\n## ").unwrap_or((file, ""));
            let index = script.places.len();
            script.places.push(place(head)?);
            for told in lines.split("\n## ").filter(|told| !told.trim().is_empty()) {
                script.lines.push(line(index, told)?);
            }
        }
        Ok(script)
    }

    /// Everything that happens, in the order of time.
    pub(super) fn steps(&self, now: Time) -> Vec<Step<'_>> {
        let mut steps = Vec::with_capacity(self.lines.len());
        for (index, line) in self.lines.iter().enumerate() {
            let at_ms = line.when.before_ms(now);
            steps.push(Step { at_ms, line: index, word: Word::Says });
            if let Some(text) = &line.edited {
                steps.push(Step { at_ms: at_ms + EDITED_AFTER_MS, line: index, word: Word::Edits(text) });
            }
            if line.is_deleted {
                steps.push(Step { at_ms: at_ms + DELETED_AFTER_MS, line: index, word: Word::Deletes });
            }
        }
        // Stable: what happens at one moment stays in the order of the files.
        steps.sort_by_key(|step| step.at_ms);
        steps
    }
}

impl When {
    fn before_ms(self, now: Time) -> i64 {
        match self {
            When::Ago { minutes } => -minutes * MINUTE_MS,
            When::Day { days, minutes } => {
                let since_midnight_ms = now.ms_since(Time::from_micros(0)).rem_euclid(DAY_MS);
                minutes * MINUTE_MS - days * DAY_MS - since_midnight_ms
            }
        }
    }

    /// `-3 09:12` or `-41m`, and what follows.
    fn parse(text: &str) -> Option<(When, &str)> {
        let (first, rest) = text.strip_prefix('-')?.split_once(' ')?;
        if let Some(minutes) = first.strip_suffix('m') {
            return Some((When::Ago { minutes: minutes.parse().ok()? }, rest));
        }
        let (clock, rest) = rest.split_once(' ')?;
        let (hours, minutes) = clock.split_once(':')?;
        let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
        Some((When::Day { days: first.parse().ok()?, minutes }, rest))
    }
}

fn place(head: &str) -> Result<Place> {
    let mut place = Place::default();
    for line in head.lines().filter(|line| !line.is_empty()) {
        match line.split_once(' ') {
            Some(("#", name)) => name.clone_into(&mut place.name),
            Some(("topic:", topic)) => topic.clone_into(&mut place.topic),
            Some(("with:", members)) => place.members = members.split(' ').map(str::to_owned).collect(),
            Some(("kind:", "public")) => {}
            Some(("kind:", "private")) => place.is_private = true,
            Some(("kind:", "direct")) => place.is_direct = true,
            Some(("kind:", "first")) => place.is_first = true,
            _ => return Err(wrong(format!("{line:?} is nothing that a place has"))),
        }
    }
    Ok(place)
}

fn line(place: usize, told: &str) -> Result<Line> {
    let (head, body) = told.split_once('\n').unwrap_or((told, ""));
    let (when, who) = When::parse(head).ok_or_else(|| wrong(format!("{head:?} does not say when")))?;
    let (who, is_deleted) = who.strip_suffix(", deleted").map_or((who, false), |who| (who, true));
    let (text, edited) = match body.split_once("\n=== edited\n") {
        Some((first, then)) => (first, Some(then.trim().to_owned())),
        None => (body, None),
    };
    Ok(Line { place, who: who.to_owned(), text: text.trim().to_owned(), when, edited, is_deleted })
}

/// A mistake in what is built in.
pub(super) fn wrong(what: String) -> Error {
    Error::internal(format!("the demo: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_who_speaks_is_there_and_says_something() {
        let script = Script::read().expect("the files can be read");
        for line in &script.lines {
            let place = &script.places[line.place];
            assert!(place.members.contains(&line.who), "{} is not in {}", line.who, place.name);
            assert!(!line.text.is_empty(), "{} says nothing in {}", line.who, place.name);
        }
        for place in &script.places {
            let is_two = place.members.len() == 2;
            assert!(!place.is_direct || is_two, "{} is not a conversation of two", place.name);
        }
    }

    #[test]
    fn days_begin_at_midnight_and_minutes_end_now() {
        let noon = Time::from_micros(12 * 60 * 60 * 1_000_000);
        let (when, rest) = When::parse("-3 09:12 ada").expect("it says when");
        assert_eq!((when.before_ms(noon), rest), (-3 * DAY_MS - (2 * 60 + 48) * MINUTE_MS, "ada"));
        let (when, rest) = When::parse("-41m ada, deleted").expect("it says when");
        assert_eq!((when.before_ms(noon), rest), (-41 * MINUTE_MS, "ada, deleted"));
        assert!(When::parse("09:12 ada").is_none());
    }

    #[test]
    fn nothing_happens_after_now() {
        let script = Script::read().expect("the files can be read");
        for hour in 0..24 {
            let now = Time::from_micros(hour * 60 * 60 * 1_000_000);
            let steps = script.steps(now);
            assert!(steps.iter().all(|step| step.at_ms < 0), "at {hour} o'clock");
        }
    }
}
