//! Plots of the results, as SVG: bars per record size, resident memory against the number of connections.
//!
//! Owns shapes and colours; the figures are the tables'.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use super::grid::{Grid, median};
use super::programs::{LARGE, SMALL};
use super::results::{Results, Section};
use super::subjects::{RELEASED, RESIDENT};

const SIZE: (u32, u32) = (900, 360);
const FONT: (&str, u32) = ("sans-serif", 14);

/// A plot of a page.
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) file: String,
    grid: &'a Grid,
    kind: Kind,
}

enum Kind {
    Bars,
    Lines,
}

/// The plots that a section has.
pub(super) fn of<'a>(subject: &str, section: &'a Section) -> Vec<Plot<'a>> {
    let plot = |grid: &'a Grid, kind| Plot {
        title: &grid.title,
        file: file_name(&grid.title),
        grid,
        kind,
    };
    let grids = section.grids.iter();
    match subject {
        "bulk" => grids
            .filter(|grid| grid.title != RELEASED)
            .map(|grid| plot(grid, Kind::Bars))
            .collect(),
        "handshake" => grids.map(|grid| plot(grid, Kind::Bars)).collect(),
        "memory" => grids
            .filter(|grid| grid.title == RESIDENT && grid.columns.len() > 1)
            .map(|grid| plot(grid, Kind::Lines))
            .collect(),
        "programs" => grids
            .filter(|grid| [SMALL, LARGE].contains(&grid.title.as_str()))
            .map(|grid| plot(grid, Kind::Bars))
            .collect(),
        _ => Vec::new(),
    }
}

/// Draws every plot into the folder.
pub(super) fn draw(results: &Results, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for (subject, section) in &results.sections {
        for plot in of(subject, section) {
            let path = folder.join(&plot.file);
            let area = SVGBackend::new(&path, SIZE).into_drawing_area();
            area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
            let drawn = match plot.kind {
                Kind::Bars => bars(&area, plot.grid),
                Kind::Lines => lines(&area, plot.grid),
            };
            drawn.map_err(|error| anyhow!("{}: {error}", path.display()))?;
            area.present().map_err(|error| anyhow!("{error}"))?;
        }
    }
    Ok(())
}

fn file_name(title: &str) -> String {
    let words: Vec<String> = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-") + ".svg"
}

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn value(grid: &Grid, candidate: &str, column: &str) -> Option<f64> {
    median(grid.cell(candidate, column)?.iter().copied())
}

/// A group for each column, a bar for each candidate.
fn bars<'a>(area: &DrawingArea<SVGBackend<'a>, Shift>, grid: &Grid) -> Drawn<'a> {
    let values = grid.rows.iter().flat_map(|row| {
        let columns = grid.columns.iter();
        columns.filter_map(|column| value(grid, &row.candidate, column))
    });
    let highest = values.fold(1.0, f64::max);
    let columns = grid.columns.len();
    let mut chart = ChartBuilder::on(area)
        .caption(&grid.title, ("sans-serif", 18))
        .margin(10)
        .margin_right(220)
        .x_label_area_size(30)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..columns as f64, 0.0..highest * 1.05)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(columns * 2 + 1)
        .x_label_formatter(&|x| label(grid, *x))
        .light_line_style(TRANSPARENT)
        .y_desc(&grid.unit)
        .y_label_formatter(&|y| axis(*y, highest))
        .label_style(FONT)
        .draw()?;
    let width = 0.9 / grid.rows.len() as f64;
    for (at, row) in grid.rows.iter().enumerate() {
        let colour = Palette99::pick(at).to_rgba();
        let rectangles = grid
            .columns
            .iter()
            .enumerate()
            .filter_map(|(column, name)| {
                let left = column as f64 + 0.05 + width * at as f64;
                let corners = [
                    (left, 0.0),
                    (left + width * 0.95, value(grid, &row.candidate, name)?),
                ];
                Some(Rectangle::new(corners, colour.filled()))
            });
        chart.draw_series(rectangles)?;
    }
    legend(area, grid)
}

/// A figure beside an axis that ends at `highest`.
fn axis(y: f64, highest: f64) -> String {
    match highest {
        highest if highest < 10.0 => format!("{y:.1}"),
        _ => format!("{y:.0}"),
    }
}

/// The column's name in the middle of its group.
fn label(grid: &Grid, x: f64) -> String {
    let column = (x - 0.5).round();
    let is_middle = (x - 0.5 - column).abs() < 1e-6 && column >= 0.0;
    let name = is_middle
        .then(|| grid.columns.get(column as usize))
        .flatten();
    name.cloned().unwrap_or_default()
}

/// A line for each candidate, both axes logarithmic.
fn lines<'a>(area: &DrawingArea<SVGBackend<'a>, Shift>, grid: &Grid) -> Drawn<'a> {
    let points = |candidate: &str| -> Vec<(f64, f64)> {
        let columns = grid.columns.iter();
        columns
            .filter_map(|column| Some((column.parse().ok()?, value(grid, candidate, column)?)))
            .filter(|(_, y)| *y > 0.0)
            .collect()
    };
    let all: Vec<(f64, f64)> = grid
        .rows
        .iter()
        .flat_map(|row| points(&row.candidate))
        .collect();
    let most = all.iter().fold((10.0, 10.0), |most: (f64, f64), point| {
        (most.0.max(point.0), most.1.max(point.1))
    });
    let mut chart = ChartBuilder::on(area)
        .caption(&grid.title, ("sans-serif", 18))
        .margin(10)
        .margin_right(220)
        .x_label_area_size(40)
        .y_label_area_size(90)
        .build_cartesian_2d(
            (1.0..most.0 * 1.2).log_scale(),
            (1.0..most.1 * 1.5).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("connections")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .light_line_style(TRANSPARENT)
        .y_desc(&grid.unit)
        .y_label_formatter(&|y| format!("{y:.0}"))
        .label_style(FONT)
        .draw()?;
    for (at, row) in grid.rows.iter().enumerate() {
        let colour = Palette99::pick(at).to_rgba();
        let points = points(&row.candidate);
        let dots = points
            .iter()
            .map(|point| Circle::new(*point, 3, colour.filled()));
        chart.draw_series(dots)?;
        chart.draw_series(LineSeries::new(
            points.iter().copied(),
            colour.stroke_width(2),
        ))?;
    }
    legend(area, grid)
}

/// Beside the chart, so that it hides nothing.
fn legend<'a>(area: &DrawingArea<SVGBackend<'a>, Shift>, grid: &Grid) -> Drawn<'a> {
    let left = i32::try_from(SIZE.0).unwrap_or(0) - 215;
    for (at, row) in grid.rows.iter().enumerate() {
        let top = 45 + 22 * i32::try_from(at).unwrap_or(0);
        let corners = [(left, top), (left + 14, top + 14)];
        area.draw(&Rectangle::new(corners, Palette99::pick(at).filled()))?;
        area.draw(&Text::new(
            row.candidate.clone(),
            (left + 22, top + 1),
            FONT,
        ))?;
    }
    Ok(())
}
