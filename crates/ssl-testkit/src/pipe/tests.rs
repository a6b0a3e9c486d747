//! Owns the tests of [`pipe`](super): each obstacle of a link, and threads that wait.
//! It must not know other users of the module.

use super::*;
use std::thread;

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn byte_limits_combine() {
    let (mut left, mut right) = pipe();
    let link = left.outgoing();
    link.set_budget(Some(10));
    link.set_capacity(Some(6));
    link.set_wmax(Some(4));
    assert_eq!(left.write(&[1; 9]).unwrap(), 4);
    assert_eq!(left.write(&[2; 9]).unwrap(), 2);
    assert_eq!(kind(left.write(&[3; 9])), Some(ErrorKind::WouldBlock));
    let mut space = [0; 9];
    link.set_rmax(Some(5));
    assert_eq!(right.read(&mut space).unwrap(), 5);
    assert_eq!(space[..5], [1, 1, 1, 1, 2]);
    assert_eq!(left.write(&[3; 9]).unwrap(), 4);
    assert_eq!(link.budget(), Some(0));
    assert_eq!(right.read(&mut space).unwrap(), 5);
    assert_eq!(kind(left.write(&[4; 9])), Some(ErrorKind::WouldBlock));
    link.set_block_as_zero(true);
    assert_eq!(left.write(&[4; 9]).unwrap(), 0);
    link.set_budget(None);
    assert_eq!(left.write(&[4; 9]).unwrap(), 4);
    assert_eq!(link.wire(), [1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
    let counts = link.counts();
    assert_eq!((counts.writes, counts.blocked_writes), (7, 3));
    assert_eq!((counts.bytes_written, counts.bytes_read), (14, 10));
}

#[test]
fn failures_are_once_or_lasting() {
    let (mut left, mut right) = pipe();
    let link = left.outgoing();
    link.fail_next_write(ErrorKind::Interrupted);
    assert_eq!(kind(left.write(b"a")), Some(ErrorKind::Interrupted));
    assert_eq!(left.write(b"a").unwrap(), 1);
    link.fail_writes(Some(ErrorKind::BrokenPipe));
    assert_eq!(kind(left.write(b"b")), Some(ErrorKind::BrokenPipe));
    assert_eq!(kind(left.write(b"b")), Some(ErrorKind::BrokenPipe));
    link.fail_writes(None);
    assert_eq!(left.write(b"b").unwrap(), 1);

    link.fail_reads(Some(ErrorKind::ConnectionReset));
    link.fail_next_read(ErrorKind::Interrupted);
    let mut space = [0; 4];
    assert_eq!(kind(right.read(&mut space)), Some(ErrorKind::Interrupted));
    assert_eq!(
        kind(right.read(&mut space)),
        Some(ErrorKind::ConnectionReset)
    );
    link.fail_reads(None);
    assert_eq!(right.read(&mut space).unwrap(), 2);
}

#[test]
fn closing_ends_the_stream_after_its_contents() {
    let (mut left, mut right) = pipe();
    left.write_all(b"last").unwrap();
    left.outgoing().close();
    let mut space = [0; 8];
    assert_eq!(right.read(&mut space).unwrap(), 4);
    assert_eq!(right.read(&mut space).unwrap(), 0);
    left.outgoing().reopen();
    assert_eq!(kind(right.read(&mut space)), Some(ErrorKind::WouldBlock));
    drop(left);
    assert_eq!(right.read(&mut space).unwrap(), 0);
    assert_eq!(kind(right.write(b"x")), Some(ErrorKind::BrokenPipe));
}

#[test]
fn raw_bytes_are_cut_and_inserted() {
    let (mut left, mut right) = pipe();
    let link = right.incoming();
    left.write_all(b"bcd").unwrap();
    assert_eq!(link.take_front(1), b"b");
    link.push_front(b"AB");
    link.push_raw(b"E");
    assert_eq!(link.peek_raw(), b"ABcdE");
    assert_eq!(link.unread(), 5);
    let mut all = [0; 5];
    right.read_exact(&mut all).unwrap();
    assert_eq!(&all, b"ABcdE");
    link.push_raw(b"gone");
    assert_eq!(link.take_raw(), b"gone");
    assert_eq!(link.take_front(3), b"");
    assert_eq!(link.take_wire(), b"bcd");
    link.set_capture(false);
    left.write_all(b"unseen").unwrap();
    left.flush().unwrap();
    assert_eq!(link.wire(), b"");
    assert_eq!(link.counts().flushes, 1);
}

#[test]
fn reads_cross_the_seam_of_the_ring() {
    let (mut left, mut right) = pipe();
    left.outgoing().set_capacity(Some(7));
    let mut expected = 0u8;
    for round in 0..100u8 {
        let (first, second) = (round.wrapping_mul(5), round.wrapping_mul(5) + 4);
        let bytes: Vec<u8> = (first..=second).collect();
        if round == 50 {
            break;
        }
        left.write_all(&bytes).unwrap();
        let mut space = [0; 5];
        right.read_exact(&mut space).unwrap();
        for byte in space {
            assert_eq!(byte, expected);
            expected += 1;
        }
    }
    assert_eq!(expected, 250);
}

#[test]
fn two_threads_wait_for_each_other() {
    let (mut left, mut right) = blocking_pipe();
    left.outgoing().set_capacity(Some(3));
    let writer = thread::spawn(move || {
        for _ in 0..1000 {
            left.write_all(b"0123456789").unwrap();
        }
    });
    let mut all = Vec::new();
    right.read_to_end(&mut all).unwrap();
    writer.join().unwrap();
    assert_eq!(all, b"0123456789".repeat(1000));
}

#[test]
fn lifting_the_budget_wakes_a_waiting_writer() {
    let (mut left, right) = blocking_pipe();
    let link = left.outgoing();
    link.set_budget(Some(1));
    let writer = thread::spawn(move || left.write_all(b"abc"));
    link.set_budget(None);
    writer.join().unwrap().unwrap();
    assert_eq!(link.wire(), b"abc");
    drop(right);
}
