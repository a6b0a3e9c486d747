//! Throughput of every candidate at every suite and size: seal and open in one thread.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ssl_bench::{Credentials, Lane, SIZES, Suite, Terms, candidates};

fn bulk(criterion: &mut Criterion) {
    let credentials = Credentials::new().expect("a certificate");
    for suite in Suite::ALL {
        for size in SIZES {
            let mut group = criterion.benchmark_group(format!("{}/{size}", suite.name));
            group
                .throughput(Throughput::Bytes(size as u64))
                .sample_size(20)
                .warm_up_time(Duration::from_millis(300))
                .measurement_time(Duration::from_secs(1));
            for &(name, maker) in candidates::ALL {
                let mut lane = Lane::new(maker, Terms::of(suite), &credentials).expect(name);
                group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                    bencher.iter(|| lane.carry(size).expect(name));
                });
            }
            group.finish();
        }
    }
}

criterion_group!(benches, bulk);
criterion_main!(benches);
