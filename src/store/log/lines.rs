//! The lines of a file from its end, without ever holding more than one of them.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use super::{entry::LINE_AT_MOST, reading::BARREN_AT_MOST};

/// Bytes read at once from the end: enough for the sessions of some weeks.
const CHUNK: u64 = 16 * 1024;

/// A line without its newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// All of it.
    Whole(Vec<u8>),
    /// It has more than [`LINE_AT_MOST`] bytes.
    TooLong,
}

/// Reads lines from the end, each with the offset at which it begins.
#[derive(Debug)]
pub struct Backward<F> {
    file: F,
    /// Where `read` begins in the file; all before it is still to be read.
    start: u64,
    read: Vec<u8>,
    /// How much was passed over of the line whose begin is looked for; something where it is too long already.
    passed: u64,
    /// Whether a newline was seen that ends the line still to be read, which may be empty.
    ends: bool,
}

impl<F: Read + Seek> Backward<F> {
    pub fn new(mut file: F) -> io::Result<Self> {
        let start = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, start, read: Vec::new(), passed: 0, ends: false })
    }

    fn read(&mut self) -> io::Result<Option<(u64, Line)>> {
        loop {
            if let Some(newline) = self.read.iter().rposition(|byte| *byte == b'\n') {
                let line = self.read.split_off(newline + 1);
                self.read.truncate(newline);
                self.ends = true;
                let offset = self.start + u64::try_from(newline).unwrap_or(u64::MAX) + 1;
                return Ok(Some((offset, self.line(line))));
            }
            if self.start == 0 {
                let line = std::mem::take(&mut self.read);
                let ends = std::mem::take(&mut self.ends);
                let is_left = ends || self.passed > 0 || !line.is_empty();
                return Ok(is_left.then(|| (0, self.line(line))));
            }
            if self.read.len() > LINE_AT_MOST {
                self.passed += self.read.len() as u64;
                self.read.clear();
            }
            if self.passed >= BARREN_AT_MOST {
                // Whoever reads is to give up before its begin is found.
                return Ok(Some((self.start, Line::TooLong)));
            }
            self.read_before()?;
        }
    }

    fn read_before(&mut self) -> io::Result<()> {
        let start = self.start.saturating_sub(CHUNK);
        self.file.seek(SeekFrom::Start(start))?;
        let mut read = Vec::new();
        self.file.by_ref().take(self.start - start).read_to_end(&mut read)?;
        read.append(&mut self.read);
        self.read = read;
        self.start = start;
        Ok(())
    }

    fn line(&mut self, line: Vec<u8>) -> Line {
        let too_long = std::mem::take(&mut self.passed) > 0 || line.len() > LINE_AT_MOST;
        if too_long { Line::TooLong } else { Line::Whole(line) }
    }
}

impl<F: Read + Seek> Iterator for Backward<F> {
    type Item = io::Result<(u64, Line)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Counts the newlines before an offset: a line's number, from 0.
pub fn lines_before(file: File, offset: u64) -> io::Result<u64> {
    let mut reader = BufReader::new(file.take(offset));
    let mut lines = 0;
    while reader.skip_until(b'\n')? > 0 {
        lines += 1;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    /// The lines as one would read them from the begin.
    fn forward(bytes: &[u8]) -> Vec<Line> {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let lines = lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line));
        let line = |line: &[u8]| match line.len() {
            ..=LINE_AT_MOST => Line::Whole(line.to_vec()),
            _ => Line::TooLong,
        };
        lines.map(line).collect()
    }

    fn backward(bytes: &[u8]) -> Vec<Line> {
        let mut lines: Vec<Line> =
            Backward::new(file(bytes)).unwrap().map(|line| line.unwrap().1).collect();
        lines.reverse();
        // Behind a last newline, there is an empty line when one comes from the end.
        if bytes.is_empty() || bytes.ends_with(b"\n") {
            assert_eq!(lines.pop().unwrap_or(Line::Whole(Vec::new())), Line::Whole(Vec::new()));
        }
        lines
    }

    #[test]
    fn a_line_that_is_too_long_is_one_line_from_either_end() {
        for length in [LINE_AT_MOST, LINE_AT_MOST + 1, 5 * LINE_AT_MOST] {
            let long = vec![b'x'; length];
            let bytes = [b"one\n", &*long, b"\nthree\n"].concat();
            let whole = |text: &[u8]| Line::Whole(text.to_vec());
            let middle = if length > LINE_AT_MOST { Line::TooLong } else { whole(&long) };
            let expected = [whole(b"one"), middle.clone(), whole(b"three")];
            assert_eq!(forward(&bytes), expected);
            assert_eq!(backward(&bytes), expected);
            assert_eq!((forward(&long), backward(&long)), (vec![middle.clone()], vec![middle]));
        }
    }

    #[test]
    fn an_empty_line_is_one_from_either_end() {
        let empty = Line::Whole(Vec::new());
        for (bytes, lines) in [(&b""[..], 0), (b"\n", 1), (b"\n\n", 2)] {
            assert_eq!(forward(bytes), vec![empty.clone(); lines]);
            assert_eq!(backward(bytes), vec![empty.clone(); lines]);
        }
        assert_eq!(backward(b"\none"), [empty, Line::Whole(b"one".to_vec())]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..Default::default() })]

        #[test]
        fn from_either_end_the_lines_are_the_same(lengths in vec(0..9000usize, 0..12), newline in any::<bool>()) {
            let mut bytes = Vec::new();
            for (number, length) in lengths.iter().enumerate() {
                bytes.extend(std::iter::repeat_n(b'a' + u8::try_from(number).unwrap(), *length));
                bytes.push(b'\n');
            }
            if !newline {
                bytes.pop();
            }
            prop_assert_eq!(forward(&bytes), backward(&bytes));
            let mut lines = Backward::new(file(&bytes)).unwrap().map(Result::unwrap);
            if let Some((offset, _)) = lines.next() {
                let newlines = bytes.split(|byte| *byte == b'\n').count() - 1;
                let before = lines_before(file(&bytes), offset).unwrap();
                prop_assert_eq!(before, u64::try_from(newlines).unwrap());
            }
        }
    }
}
