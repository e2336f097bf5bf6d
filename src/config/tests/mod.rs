//! Tests of the whole way from a text to the model or to the mistakes.

mod drawn;
mod drawn_names;
mod drawn_values;
mod model;
mod plans;
mod random;
