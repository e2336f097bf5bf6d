//! The loop: one task owns the state and takes events from one channel.
