//! Charts as SVG that stretches to any width; the words around it are HTML, so they are as large as all others.

use std::fmt::Write as _;

use super::html::escaped;

/// Bars beside each other, all on one scale.
pub struct Chart<'a> {
    /// What it shows: its heading.
    pub title: &'a str,
    /// What a screen reader says of it besides.
    pub says: &'a str,
    /// The class that gives the bars their colour.
    pub class: &'a str,
    /// The bars, in order.
    pub bars: &'a [Bar],
    /// What the top of the scale stands for; more than zero.
    pub top: u64,
    /// The words beside the scale, from its top down.
    pub scale: [String; 3],
    /// The words below, from left to right.
    pub along: &'a [String],
    /// How a value is drawn.
    pub shape: Shape,
}

/// How a value is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// From the ground up.
    Bar,
    /// A mark at its height, so that a zero is seen too.
    Mark,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// How high, on the scale; none where nothing is known.
    pub value: Option<u64>,
    /// What is shown where a pointer rests on it.
    pub says: String,
    /// How many sessions are marked below it.
    pub sessions: usize,
}

/// The width of a bar's place, and of the bar in it.
const PLACE: usize = 10;
const WIDTH: usize = 7;

/// As many bars have a label each, and each the place that so many would have: one alone would be a wall.
pub const FEW: usize = 7;

/// The height of a [`Shape::Mark`].
const MARK: f64 = 4.0;

/// Draws a chart.
pub fn draw(chart: &Chart<'_>, out: &mut String) {
    let width = chart.bars.len().max(FEW) * PLACE;
    let [top, middle, ground] = &chart.scale;
    let _ = write!(
        out,
        "<figure><figcaption>{title}</figcaption><div class=\"plot\">\
         <div class=\"scale\" aria-hidden=\"true\"><span>{top}</span><span>{middle}</span><span>{ground}</span></div>\
         <svg role=\"img\" viewBox=\"0 0 {width} 100\" preserveAspectRatio=\"none\">\
         <title>{title}</title><desc>{says}</desc>",
        title = escaped(chart.title),
        says = escaped(chart.says),
    );
    for at in [0, 50, 100] {
        let _ =
            write!(out, "<line class=\"grid\" x1=\"0\" x2=\"{width}\" y1=\"{at}\" y2=\"{at}\"/>");
    }
    for (at, bar) in chart.bars.iter().enumerate() {
        let Some(value) = bar.value else { continue };
        let up = share(value, chart.top);
        let (y, height) = match chart.shape {
            Shape::Bar if value == 0 => continue,
            // However little it is, it is seen.
            Shape::Bar => (100.0 - up.max(0.8), up.max(0.8)),
            Shape::Mark => ((100.0 - up - MARK / 2.0).clamp(0.0, 100.0 - MARK), MARK),
        };
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{x}.5\" y=\"{y:.2}\" width=\"{WIDTH}\" height=\"{height:.2}\"><title>{says}</title></rect>",
            class = chart.class,
            x = left(at, chart.bars.len()),
            says = escaped(&bar.says),
        );
    }
    out.push_str("</svg>");
    marks(chart.bars, width, out);
    let many = chart.bars.len();
    let few = if many <= FEW {
        // Each label is in the middle of its bar's place.
        format!(" few\" style=\"width:{}%", many * 100 / FEW)
    } else {
        String::new()
    };
    let _ = write!(out, "<div class=\"along{few}\" aria-hidden=\"true\">");
    for label in chart.along {
        let _ = write!(out, "<span>{}</span>", escaped(label));
    }
    out.push_str("</div></div></figure>");
}

/// Where a bar begins, less a half; few are in the middle.
fn left(at: usize, many: usize) -> usize {
    at * PLACE + FEW.saturating_sub(many) * PLACE / 2 + 1
}

/// A strip below the bars, with a mark under each bar in whose time a session ended.
fn marks(bars: &[Bar], width: usize, out: &mut String) {
    if bars.iter().all(|bar| bar.sessions == 0) {
        return;
    }
    let _ = write!(
        out,
        "<svg class=\"marks\" aria-hidden=\"true\" viewBox=\"0 0 {width} 10\" preserveAspectRatio=\"none\">"
    );
    for (at, _) in bars.iter().enumerate().filter(|(_, bar)| bar.sessions > 0) {
        let x = left(at, bars.len());
        let _ = write!(
            out,
            "<rect class=\"session\" x=\"{x}.5\" y=\"2\" width=\"{WIDTH}\" height=\"8\"/>"
        );
    }
    out.push_str("</svg>");
}

/// Percent of the whole, at most 100.
pub fn share(value: u64, whole: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "pixels on a screen")]
    let share = value as f64 * 100.0 / whole.max(1) as f64;
    share.min(100.0)
}
