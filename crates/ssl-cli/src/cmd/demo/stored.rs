//! The modes that are kept but do not act.

use std::io::Write;

use ssl_mode::ModeRow;

use super::pair::Contexts;
use crate::failure::Failure;

/// One line: the mask a context returns and a connection inherits.
pub(super) fn inherited(
    contexts: &Contexts,
    row: &ModeRow,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let context = contexts.client(row.bit)?;
    let connection = contexts.fresh_client(&context)?;
    let (set, inherited) = (context.mode(), connection.mode());
    let (name, support) = (row.name, row.support);
    writeln!(
        out,
        "  {name:<27} {support}; context {:#05x}, connection {:#05x}",
        set.bits(),
        inherited.bits()
    )?;
    Ok(())
}
