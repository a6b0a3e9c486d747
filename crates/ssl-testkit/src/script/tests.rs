//! Owns the tests of [`script`](super): each step of each script.
//! It must not know other users of the module.

use super::*;

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn each_write_step_answers_one_call() {
    use WriteStep::*;
    let mut transport = ScriptedTransport::new()
        .writes([Take(2), Take(9), Zero, Block, Fail(ErrorKind::BrokenPipe)])
        .writes_end(Take(1));
    assert_eq!(transport.write(b"abc").unwrap(), 2);
    assert_eq!(transport.write(b"c").unwrap(), 1);
    assert_eq!(transport.write(b"d").unwrap(), 0);
    assert_eq!(kind(transport.write(b"d")), Some(ErrorKind::WouldBlock));
    assert_eq!(kind(transport.write(b"d")), Some(ErrorKind::BrokenPipe));
    assert_eq!(transport.steps_left(), (0, 0, 0));
    assert_eq!(transport.write(b"de").unwrap(), 1);
    assert_eq!(transport.write(b"e").unwrap(), 1);
    assert_eq!(transport.take_written(), b"abcde");
    assert_eq!(transport.written(), b"");
    assert_eq!(transport.calls().len(), 7);
    assert_eq!(
        transport.calls()[4],
        Call::Write {
            offered: 1,
            taken: Err(ErrorKind::BrokenPipe)
        }
    );
}

#[test]
fn each_read_step_answers_one_call() {
    use ReadStep::*;
    let mut transport = ScriptedTransport::new()
        .reads([
            Give(2),
            Block,
            GiveAll,
            Eof,
            Reset,
            Fail(ErrorKind::TimedOut),
        ])
        .reads_end(Block)
        .inbound(b"abcdef");
    let mut space = [0; 3];
    assert_eq!(transport.read(&mut space).unwrap(), 2);
    assert_eq!(&space[..2], b"ab");
    assert_eq!(
        kind(transport.read(&mut space)),
        Some(ErrorKind::WouldBlock)
    );
    assert_eq!(transport.read(&mut space).unwrap(), 3);
    assert_eq!(&space, b"cde");
    assert_eq!(transport.read(&mut space).unwrap(), 0);
    assert_eq!(
        kind(transport.read(&mut space)),
        Some(ErrorKind::ConnectionReset)
    );
    assert_eq!(kind(transport.read(&mut space)), Some(ErrorKind::TimedOut));
    assert_eq!(
        kind(transport.read(&mut space)),
        Some(ErrorKind::WouldBlock)
    );
    assert_eq!(transport.inbound_left(), 1);
    assert_eq!(transport.calls()[0], Call::read(3, 2));
    assert_eq!(transport.calls()[1], Call::read_blocked(3));
}

#[test]
fn give_waits_for_inbound_bytes_without_using_its_step() {
    let mut transport = ScriptedTransport::new().reads([ReadStep::Give(1), ReadStep::Eof]);
    let mut space = [0; 8];
    assert_eq!(
        kind(transport.read(&mut space)),
        Some(ErrorKind::WouldBlock)
    );
    transport.push_inbound(b"xy");
    assert_eq!(transport.read(&mut space).unwrap(), 1);
    assert_eq!(transport.read(&mut space).unwrap(), 0);
    assert_eq!(transport.read(&mut space).unwrap(), 1);
    transport.close_inbound();
    assert_eq!(transport.read(&mut space).unwrap(), 0);
}

#[test]
fn empty_slices_use_no_step() {
    let mut transport = ScriptedTransport::new()
        .writes([WriteStep::Block])
        .reads([ReadStep::Reset]);
    assert_eq!(transport.write(b"").unwrap(), 0);
    assert_eq!(transport.read(&mut []).unwrap(), 0);
    assert_eq!(transport.steps_left(), (1, 1, 0));
    assert_eq!(transport.calls(), [Call::wrote(0, 0), Call::read(0, 0)]);
}

#[test]
fn flushes_are_scripted_and_logged() {
    let mut transport = ScriptedTransport::new()
        .flushes([FlushStep::Block, FlushStep::Fail(ErrorKind::BrokenPipe)]);
    assert_eq!(kind(transport.flush()), Some(ErrorKind::WouldBlock));
    assert_eq!(kind(transport.flush()), Some(ErrorKind::BrokenPipe));
    assert!(transport.flush().is_ok());
    transport.set_flushes_end(FlushStep::Block);
    assert_eq!(kind(transport.flush()), Some(ErrorKind::WouldBlock));
    assert_eq!(transport.calls()[2], Call::flushed());
}

#[test]
fn a_clone_looks_on_and_changes_the_script() {
    let owner = ScriptedTransport::new().writes_end(WriteStep::Block);
    let onlooker = owner.clone();
    let mut owner = owner;
    assert_eq!(kind(owner.write(b"a")), Some(ErrorKind::WouldBlock));
    onlooker.set_writes(repeat(1, &[WriteStep::Take(1)]));
    assert_eq!(owner.write(b"ab").unwrap(), 1);
    assert_eq!(onlooker.written(), b"a");
    assert_eq!(
        onlooker.take_calls(),
        [Call::write_blocked(1), Call::wrote(2, 1)]
    );
    assert!(onlooker.calls().is_empty());
}
