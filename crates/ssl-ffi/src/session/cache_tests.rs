//! The cache against what a C program printed on OpenSSL 3.0, and under many threads.

use super::super::Fields;
use super::*;

fn session(id: &[u8], time: i64) -> Arc<Session> {
    let fields = Fields {
        id: Id::new(id).unwrap(),
        protocol_version: 0x303,
        ..Fields::new(time)
    };
    Session::with(fields).unwrap()
}

fn ids(sessions: &[Arc<Session>]) -> Vec<String> {
    let id = |session: &Arc<Session>| session.read(|fields| fields.id);
    let text = |id: Id| String::from_utf8(id.as_slice().to_vec()).unwrap();
    sessions.iter().map(id).map(text).collect()
}

#[test]
fn the_limit_is_openssls() {
    // Limit, sessions kept, ids in the order in which they were removed; b and d expire a second later.
    let cases: [(i64, usize, &[&str]); 5] = [
        (0, 5, &[]),
        (1, 1, &["a", "b", "c", "d"]),
        (2, 1, &["a", "b", "c", "d"]),
        (3, 2, &["a", "c", "b"]),
        (4, 3, &["a", "c"]),
    ];
    for (limit, kept, removed) in cases {
        let cache = Cache::new();
        assert_eq!(cache.set_limit(limit), 20480);
        let mut evicted = Vec::new();
        for (n, id) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            let session = session(id.as_bytes(), 1000 + (n % 2) as i64);
            let added = cache.add(&session);
            assert!(added.is_new && added.replaced.is_none());
            assert!(added.evicted.iter().all(|session| session.is_retired()));
            evicted.extend(ids(&added.evicted));
            assert!(!cache.add(&session).is_new);
        }
        assert_eq!(
            (cache.len(), evicted.as_slice()),
            (kept, &*own(removed)),
            "limit {limit}"
        );
        assert_eq!(cache.counted(Counter::Full), removed.len() as i64);
    }
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn another_session_of_the_same_id_takes_the_place() {
    let cache = Cache::new();
    let (first, second) = (session(b"x", 1), session(b"x", 2));
    assert!(cache.add(&first).is_new);
    let added = cache.add(&second);
    assert!(added.is_new && Arc::ptr_eq(&added.replaced.unwrap(), &first));
    assert!(Arc::ptr_eq(&cache.find(0x303, b"x").unwrap(), &second));
    assert_eq!(cache.len(), 1);
    // The first one's time is no business of the cache any more.
    first.set_time(99);
    assert!(cache.flush(2 + 304).is_empty());
}

#[test]
fn a_session_is_found_for_its_protocol_version_only() {
    let cache = Cache::new();
    assert!(cache.add(&session(b"x", 1)).is_new);
    assert!(cache.find(0x304, b"x").is_none());
    assert!(cache.find(0x303, b"y").is_none());
    assert!(cache.find(0x303, &[b'x'; 33]).is_none());
}

#[test]
fn removing_retires_what_is_passed_even_if_it_is_not_there() {
    let cache = Cache::new();
    let (inside, outside) = (session(b"x", 1), session(b"y", 1));
    assert!(cache.add(&inside).is_new);
    assert!(cache.remove(&outside).is_none());
    assert!(cache.remove(&inside).is_some());
    assert!(inside.is_retired() && outside.is_retired());
    assert!(cache.remove(&inside).is_none());
}

#[test]
fn a_flush_takes_what_expired_before() {
    let cache = Cache::new();
    for (id, time) in [(b"a", 30), (b"b", 10), (b"c", 20)] {
        assert!(cache.add(&session(id, time)).is_new);
    }
    assert!(cache.flush(10 + 304).is_empty());
    assert_eq!(ids(&cache.flush(11 + 304)), ["b"]);
    assert_eq!(ids(&cache.flush(0)), ["c", "a"]);
    assert_eq!(cache.len(), 0);
}

#[test]
fn a_new_time_moves_a_session() {
    let cache = Cache::new();
    let (first, second) = (session(b"a", 10), session(b"b", 20));
    assert!(cache.add(&first).is_new && cache.add(&second).is_new);
    first.set_time(30);
    second.set_timeout(i64::MAX);
    assert_eq!(ids(&cache.flush(31 + 304)), ["a"]);
    // A time past the end of time never comes.
    assert!(cache.flush(i64::MAX).is_empty());
}

#[test]
fn update_time_makes_a_session_new_again() {
    let cache = Cache::new();
    assert_eq!(cache.set_mode(CacheMode(0x402)), CacheMode::SERVER);
    let old = session(b"a", 10);
    assert!(cache.add(&old).is_new);
    assert!(cache.flush(1_700_000_000).is_empty());
    assert_eq!(cache.mode(), CacheMode(0x402));
}

#[test]
fn a_negative_limit_is_ignored() {
    let cache = Cache::new();
    assert_eq!(cache.set_limit(-1), 0);
    assert_eq!(cache.limit(), 20480);
}

#[test]
fn threads_share_it() {
    const THREADS: u8 = 8;
    const EACH: u8 = 100;
    let cache = Cache::new();
    cache.set_limit(200);
    let let_go = |cache: &Arc<Cache>, thread: u8| {
        let mut let_go = 0;
        for n in 0..EACH {
            let made = session(&[thread, n], n.into());
            let added = cache.add(&made);
            let_go += added.evicted.len();
            if let Some(found) = cache.find(0x303, &[thread, n / 2]) {
                found.set_time(i64::from(n) + 1);
                if n % 3 == 0 {
                    let_go += usize::from(cache.remove(&found).is_some());
                }
            }
            let_go += cache.flush(5 + 304).len();
        }
        let_go
    };
    let let_go: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let cache = &cache;
                    move || let_go(cache, thread)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    // Every session is in one place: still here, or handed out once.
    assert_eq!(
        cache.len() + let_go,
        usize::from(THREADS) * usize::from(EACH)
    );
    assert_eq!(cache.len(), cache.flush(0).len());
}
