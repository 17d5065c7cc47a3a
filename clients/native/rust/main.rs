//! Samples and densities from Rust: see the Makefile.
use std::{env, fs, process};

#[link(name = "flow", kind = "static")]
extern "C" {
    fn flow_log_prob(x: *const f32, context: *const f32, log_prob: *mut f32, n: usize);
    fn flow_sample(seed: i64, first_row: i64, context: *const f32, x: *mut f32, log_prob: *mut f32, n: usize);
}

/// The log-density of each row of `x`.
fn log_prob(x: &[f32], context: &[f32], rows: usize) -> Vec<f32> {
    let mut found = vec![0.0; rows];
    unsafe { flow_log_prob(x.as_ptr(), context.as_ptr(), found.as_mut_ptr(), rows) };
    found
}

/// A row for each of the context, and their log-densities.
fn sample(seed: i64, first_row: i64, context: &[f32], rows: usize, columns: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut x, mut found) = (vec![0.0; rows * columns], vec![0.0; rows]);
    unsafe { flow_sample(seed, first_row, context.as_ptr(), x.as_mut_ptr(), found.as_mut_ptr(), rows) };
    (x, found)
}

fn same(found: &[f32], expected: &[f32], tolerance: f32) -> bool {
    found.iter().zip(expected).all(|(a, b)| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * (1.0 + b.abs())
    })
}

fn main() {
    let text = fs::read_to_string(env::args().nth(1).expect("the vectors")).expect("a text");
    let mut words = text.split_whitespace();
    let integer = |words: &mut std::str::SplitWhitespace| words.next().unwrap().parse::<i64>().unwrap();
    let number = |words: &mut std::str::SplitWhitespace| words.next().unwrap().parse::<f32>().unwrap();
    let (columns, context) = (integer(&mut words) as usize, integer(&mut words) as usize);

    let (tolerance, rows) = (number(&mut words), integer(&mut words) as usize);
    let (mut x, mut given, mut density) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        x.extend((0..columns).map(|_| number(&mut words)));
        given.extend((0..context).map(|_| number(&mut words)));
        density.push(number(&mut words));
    }
    let mut right = same(&log_prob(&x, &given, rows), &density, tolerance);

    let (tolerance, rows) = (number(&mut words), integer(&mut words) as usize);
    let (seed, first_row) = (integer(&mut words), integer(&mut words));
    let (mut x, mut given, mut density) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        given.extend((0..context).map(|_| number(&mut words)));
        x.extend((0..columns).map(|_| number(&mut words)));
        density.push(number(&mut words));
    }
    let (drawn, found) = sample(seed, first_row, &given, rows, columns);
    right = right && same(&drawn, &x, tolerance) && same(&found, &density, tolerance);
    println!("{}", if right { "ok" } else { "differs" });
    process::exit(!right as i32);
}
