//! The page that text for people is put on: how wide, with colour or not, and what day it is.

use jiff::Zoned;

/// Whether letters may be bold or faint; nothing is said by that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// They may.
    Allowed,
    /// Letters only.
    Plain,
}

/// Where text is put.
#[derive(Clone, Debug)]
pub struct Page {
    /// What it is now, in the zone of the machine.
    pub now: Zoned,
    /// Columns.
    pub width: usize,
    /// Bold and faint letters.
    pub colour: Colour,
}

/// The narrowest last column, however narrow the terminal.
const NARROWEST: usize = 16;

/// The most words in a line of advice.
const WORDS_AT_MOST: usize = 12;

impl Page {
    /// The widest a page is.
    pub const WIDEST: usize = 80;

    /// What is to be seen first.
    pub fn strong(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What is to be seen last.
    pub fn faint(&self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A line that is to be seen first, or several where it is long.
    pub fn heading(&self, text: &str) -> String {
        let lines = wrap(&plain(text), self.width, usize::MAX);
        lines.iter().flat_map(|line| [self.strong(line), "\n".to_owned()]).collect()
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::Allowed if !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }

    /// A sentence or more, in lines that are easily read, each indented.
    pub fn advice(&self, indent: usize, text: &str) -> String {
        let room = self.width.saturating_sub(indent);
        let margin = " ".repeat(indent);
        let lines = wrap(&plain(text), room, WORDS_AT_MOST);
        lines.iter().flat_map(|line| [&*margin, line, "\n"]).collect()
    }

    /// Two columns: what it is about, and what there is to say. Long text goes on below itself.
    pub fn table<L: AsRef<str>, T: AsRef<str>>(&self, rows: &[(L, T)]) -> String {
        let rows: Vec<[&str; 2]> =
            rows.iter().map(|(label, text)| [label.as_ref(), text.as_ref()]).collect();
        self.columns(&rows)
    }

    /// Columns of text; the first is faint, and what is long goes on below itself. Where they leave the last no room, it
    /// stands below the others.
    pub fn columns<const N: usize, T: AsRef<str>>(&self, rows: &[[T; N]]) -> String {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| plain(cell.as_ref())).collect()).collect();
        let rows: Vec<(Vec<String>, &str)> =
            rows.iter().filter_map(|row| fixed_and_last(row)).collect();
        let Some(widths) = self.widths(&rows) else { return self.stacked(&rows) };
        let indent = indent(&widths);
        let room = self.width.saturating_sub(indent).max(NARROWEST);
        let mut out = String::new();
        for (fixed, last) in &rows {
            let cells: Vec<Vec<String>> =
                fixed.iter().zip(&widths).map(|(cell, widest)| within(cell, *widest)).collect();
            let last = wrap(last, room, usize::MAX);
            let lines = cells.iter().map(Vec::len).max().unwrap_or(0).max(last.len());
            for at in 0..lines {
                let mut line = String::from("  ");
                for (column, (cell, widest)) in cells.iter().zip(&widths).enumerate() {
                    let part = cell.get(at).map_or("", String::as_str);
                    line.push_str(&if column == 0 { self.faint(part) } else { part.to_owned() });
                    line.push_str(&" ".repeat(widest - width(part) + 2));
                }
                line.push_str(last.get(at).map_or("", String::as_str));
                out.extend([line.trim_end(), "\n"]);
            }
        }
        out
    }

    /// How wide each column but the last is: as its widest cell, or less where the last needs it; none where there is no
    /// room for the last even so.
    fn widths(&self, rows: &[(Vec<String>, &str)]) -> Option<Vec<usize>> {
        let columns = rows.first().map_or(0, |(fixed, _)| fixed.len());
        let widest = |at: usize, measure: fn(&str) -> usize| {
            rows.iter().map(|(fixed, _)| measure(&fixed[at])).max().unwrap_or(0)
        };
        let longest_word = |cell: &str| cell.split(' ').map(width).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns).map(|at| widest(at, width)).collect();
        let least: Vec<usize> =
            (0..columns).map(|at| widest(at, longest_word).max(NARROWEST)).collect();
        let lasts = rows.iter().flat_map(|(_, last)| last.lines().map(width));
        let needs = lasts.max().unwrap_or(0).min(NARROWEST.max(self.width / 4));
        while self.width < indent(&widths) + needs {
            let wide = (0..columns).filter(|at| widths[*at] > least[*at]);
            let at = wide.max_by_key(|at| widths[*at])?;
            widths[at] -= 1;
        }
        Some(widths)
    }

    /// The last column below the others: all that a narrow terminal has room for.
    fn stacked(&self, rows: &[(Vec<String>, &str)]) -> String {
        let mut out = String::new();
        for (fixed, last) in rows {
            let mut lines: Vec<String> = Vec::new();
            for cell in fixed.iter().filter(|cell| !cell.is_empty()) {
                match lines.last_mut() {
                    Some(line) if width(line) + 2 + width(cell) + 2 <= self.width => {
                        line.extend(["  ", cell]);
                    }
                    _ => lines.extend(wrap(cell, self.width.saturating_sub(2), usize::MAX)),
                }
            }
            out.extend(
                lines.iter().flat_map(|line| ["  ", &self.faint(line), "\n"].map(str::to_owned)),
            );
            let last = wrap(last, self.width.saturating_sub(4), usize::MAX);
            let last = last.iter().filter(|line| !line.is_empty());
            out.extend(last.flat_map(|line| ["    ", line, "\n"]));
        }
        out
    }

    /// Commands and what they do: the last lines of a page.
    pub fn commands(&self, commands: &[(&str, &str)]) -> String {
        let longest = commands.iter().map(|(command, _)| width(command)).max().unwrap_or(0);
        let mut out = String::new();
        for (command, does) in commands {
            if width(does) + longest + 2 > self.width {
                out.extend([&*self.strong(command), "\n", &*self.advice(2, does)]);
            } else {
                let pad = " ".repeat(longest - width(command));
                out.extend([&*self.strong(command), &*pad, "  ", does, "\n"]);
            }
        }
        out
    }
}

/// A list of names in one cell, as many as there is room for.
pub fn names(names: &[String], room: usize) -> String {
    let mut out = String::new();
    for (at, name) in names.iter().enumerate() {
        let left = names.len() - at;
        let longer = if at == 0 { name.clone() } else { format!("{out}, {name}") };
        let tail = if left > 1 { width(&format!(" and {} more", left - 1)) } else { 0 };
        if at > 0 && width(&longer) + tail > room {
            return format!("{out} and {left} more");
        }
        out = longer;
    }
    out
}

/// A name in so many columns; what is longer loses its end.
pub fn shortened(name: &str, room: usize) -> String {
    if width(name) <= room {
        return name.to_owned();
    }
    name.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

/// The cells of a row but the last, each on one line, and the last.
fn fixed_and_last(row: &[String]) -> Option<(Vec<String>, &str)> {
    let (last, fixed) = row.split_last()?;
    Some((fixed.iter().map(|cell| cell.replace('\n', " ")).collect(), last))
}

/// Where the last of these columns and one more begins.
fn indent(widths: &[usize]) -> usize {
    2 + widths.iter().map(|width| width + 2).sum::<usize>()
}

/// A cell in lines of a width, which its longest word has.
fn within(cell: &str, widest: usize) -> Vec<String> {
    if width(cell) <= widest { vec![cell.to_owned()] } else { wrap(cell, widest, usize::MAX) }
}

/// Breaks text into lines of so many columns and words; a longer word has a line of its own.
fn wrap(text: &str, room: usize, words_at_most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (mut line, mut words) = (String::new(), 0);
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            if words > 0 && (words == words_at_most || width(&line) + 1 + width(word) > room) {
                lines.push(std::mem::take(&mut line));
                words = 0;
            }
            if words > 0 {
                line.push(' ');
            }
            line.push_str(word);
            words += 1;
        }
        lines.push(line);
    }
    lines
}

/// Columns, near enough: letters that are twice as wide are rare here.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// Takes out what would steer a terminal: names and notes come from elsewhere.
pub fn plain(text: &str) -> String {
    let steers = |letter: char| {
        (letter.is_control() && letter != '\n')
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if steers(letter) { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        let now = "2026-11-25T15:00:00+01:00[Europe/Berlin]".parse().unwrap();
        Page { now, width, colour: Colour::Plain }
    }

    #[test]
    fn advice_has_short_lines() {
        let text = "The screens could not be dimmed because nothing here can dim them, so they \
                    stay as they are; turn them down by hand if that is better for you.";
        insta::assert_snapshot!(page(80).advice(2, text), @r"
          The screens could not be dimmed because nothing here can dim them,
          so they stay as they are; turn them down by hand if
          that is better for you.
        ");
        assert!(page(30).advice(2, text).lines().all(|line| width(line) <= 30));
    }

    #[test]
    fn what_would_steer_a_terminal_is_taken_out() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c\td"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
    }

    #[test]
    fn a_list_says_how_many_are_left_out() {
        let apps: Vec<String> =
            ["discord", "steam", "org.telegram.desktop", "slack"].map(str::to_owned).to_vec();
        assert_eq!(names(&apps, 60), "discord, steam, org.telegram.desktop, slack");
        assert_eq!(names(&apps, 30), "discord, steam and 2 more");
        assert_eq!(names(&apps, 3), "discord and 3 more");
        assert_eq!(names(&[], 30), "");
    }

    #[test]
    fn a_table_goes_on_below_itself() {
        let rows = [("dim", "one two three four five six seven"), ("apps", "discord")];
        insta::assert_snapshot!(page(30).table(&rows), @r"
        dim   one two three four
              five six seven
        apps  discord
        ");
    }

    #[test]
    fn a_long_name_loses_its_end() {
        assert_eq!(shortened("firefox", 7), "firefox");
        assert_eq!(shortened("org.example.Editor", 7), "org.ex…");
    }

    #[test]
    fn what_a_command_does_stays_on_a_narrow_page() {
        let said = page(20).commands(&[("quietctl doctor", "says what counts here, if anything")]);
        assert_eq!(said, "quietctl doctor\n  says what counts\n  here, if anything\n");
    }

    #[test]
    fn a_wide_column_leaves_the_last_its_room() {
        let kind = "a kind of session that somebody gave a name of very many words, ninety letters or more of them";
        let row =
            ["Wed 25 Nov 2026 14:00", kind, "a1b2c3d4e5f6", "three words are enough for a note"];
        let text = page(80).columns(&[row]);
        assert!(text.lines().all(|line| width(line) <= 80), "{text}");
        assert!(text.contains("three words are\n"), "{text}");
        assert!(text.split_whitespace().count() >= row.join(" ").split(' ').count(), "{text}");
    }

    #[test]
    fn where_there_is_no_room_the_last_column_stands_below() {
        let rows = [
            ["Kept", "Id", "Note"],
            ["Tue 24 Nov 2026 15:00", "a1b2c3d4e5f6", "three words are enough for it\nmood 6"],
            ["Tue 24 Nov 2026 16:00", "b1", ""],
        ];
        insta::assert_snapshot!(page(30).columns(&rows), @r"
        Kept  Id
          Note
        Tue 24 Nov 2026 15:00
        a1b2c3d4e5f6
          three words are enough for
          it
          mood 6
        Tue 24 Nov 2026 16:00  b1
        ");
        let coloured = Page { colour: Colour::Allowed, ..page(30) }.columns(&rows);
        assert!(coloured.contains("\n    three words"), "{coloured}");
    }

    #[test]
    fn colour_says_nothing_by_itself() {
        let coloured = Page { colour: Colour::Allowed, ..page(80) };
        assert_eq!(coloured.strong("Quiet"), "\u{1b}[1mQuiet\u{1b}[0m");
        assert_eq!(page(80).strong("Quiet"), "Quiet");
    }
}
