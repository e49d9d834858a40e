//! Asking for a password: on a terminal without showing it, otherwise from a pipe or a file.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Whether there is somebody to ask.
pub(super) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a new password, twice.
///
/// # Errors
/// When the terminal fails, or the two differ.
pub(super) fn new_password() -> io::Result<String> {
    let first = hidden("Password: ")?;
    if first != hidden("Again: ")? {
        return Err(io::Error::other("the two passwords differ"));
    }
    Ok(first)
}

/// The first line of standard input.
///
/// # Errors
/// When it cannot be read.
pub(super) fn from_stdin() -> io::Result<String> {
    line(&mut io::stdin().lock())
}

/// The first line of a file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn from_file(path: &Path) -> io::Result<String> {
    line(&mut io::BufReader::new(std::fs::File::open(path)?))
}

fn line(source: &mut impl io::BufRead) -> io::Result<String> {
    let mut line = String::new();
    source.read_line(&mut line)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn hidden(question: &str) -> io::Result<String> {
    let mut terminal = io::stderr();
    write!(terminal, "{question}")?;
    terminal.flush()?;
    let answer = {
        let _silent = Silent::begin()?;
        line(&mut io::stdin().lock())
    };
    // The line end that was typed was not shown either.
    writeln!(terminal)?;
    answer
}

/// A terminal that does not show what is typed, until dropped.
struct Silent(Termios);

impl Silent {
    fn begin() -> io::Result<Silent> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Silent(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _restored = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn only_the_line_end_is_taken_off() {
        for (text, expected) in
            [("a b \n", "a b "), ("x\r\n", "x"), ("y", "y"), ("", ""), ("one\ntwo\n", "one")]
        {
            assert_eq!(line(&mut text.as_bytes()).unwrap(), expected);
        }
    }
}
