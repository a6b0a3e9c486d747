//! One test binary: connection pairs over a virtual pipe, one file per topic.

mod pair;
mod smoke;
