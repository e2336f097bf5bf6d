//! The schedule's tests: `world` makes facts, `zones` looks at real time zones, `rules` at what each rule and each act by
//! hand means, `properties` at random worlds.

mod batches;
mod grace;
mod properties;
mod rules;
mod stays;
mod world;
mod zones;
