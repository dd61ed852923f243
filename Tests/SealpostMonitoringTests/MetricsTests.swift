import SealpostMonitoring
import Testing

/// What is counted, and how it is written down.
@Suite struct MetricsTests {
  @Test func countersAndGaugesAreWrittenWithTheirLabels() {
    let text = MetricsText.text([
      MetricFamily(
        "sealpost_events_total", .counter, "Line one\nand a \\.",
        [MetricSample(3, ("result", "a\"b\\c\nd")), MetricSample(0, ("result", "none"))]),
      MetricFamily("sealpost_age_seconds", .gauge, "An age.", 1.25),
      MetricFamily("sealpost_empty", .gauge, "Nothing yet.", [MetricSample]()),
    ])
    #expect(
      text == """
        # HELP sealpost_events_total Line one\\nand a \\\\.
        # TYPE sealpost_events_total counter
        sealpost_events_total{result="a\\"b\\\\c\\nd"} 3
        sealpost_events_total{result="none"} 0
        # HELP sealpost_age_seconds An age.
        # TYPE sealpost_age_seconds gauge
        sealpost_age_seconds 1.25
        # HELP sealpost_empty Nothing yet.
        # TYPE sealpost_empty gauge

        """)
  }

  @Test func aHistogramCountsEachValueInTheFirstRangeThatHoldsIt() {
    let histogram = Histogram([.milliseconds(1), .microseconds(2500), .seconds(1)])
    for microseconds in [0, 1000, 1001, 2500, 999_999, 1_000_001, -5] {
      histogram.observe(microseconds)
    }
    let text = MetricsText.text([
      MetricFamily(
        "latency_seconds", .histogram, "How long.", [MetricSample(histogram.snapshot(), ("a", "b"))]
      )
    ])
    #expect(
      text == """
        # HELP latency_seconds How long.
        # TYPE latency_seconds histogram
        latency_seconds_bucket{a="b",le="0.001"} 3
        latency_seconds_bucket{a="b",le="0.0025"} 5
        latency_seconds_bucket{a="b",le="1"} 6
        latency_seconds_bucket{a="b",le="+Inf"} 7
        latency_seconds_sum{a="b"} 2.004501
        latency_seconds_count{a="b"} 7

        """)
  }

  @Test func histogramsOfSeveralThreadsAddUp() {
    let (one, two) = (Histogram(bounds: [10, 20], unit: 1), Histogram(bounds: [10, 20], unit: 1))
    one.observe(5)
    one.observe(25)
    two.observe(15)
    let sum = one.snapshot() + two.snapshot()
    #expect(sum.counts == [1, 1, 1])
    #expect(sum.sum == 45)
  }

  @Test func numbersAreWrittenSoThatPrometheusReadsThem() {
    func shown(_ value: Double) -> String {
      let text = MetricsText.text([MetricFamily("m", .gauge, "", value)])
      return text.split(separator: "\n").last.map { String($0.dropFirst(2)) } ?? ""
    }
    #expect(shown(0) == "0")
    #expect(shown(-1.5) == "-1.5")
    #expect(shown(0.000_001) == "0.000001")
    #expect(shown(0.000_000_1) == "0")
    #expect(shown(1e18) == "1000000000000000000")
    #expect(shown(1_764_028_800.123_456) == "1764028800.123456")
  }

  @Test func aBlockIsWrittenByOneThreadAndReadByOthers() async {
    let block = CounterBlock(count: 2)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for _ in 0..<100_000 { block.add(at: 0) } }
      group.addTask { for _ in 0..<100_000 { block.add(2, at: 1) } }
      group.addTask {
        var last = 0
        for _ in 0..<1000 {
          let now = block[0]
          #expect(now >= last)
          last = now
        }
      }
    }
    #expect(block[0] == 100_000)
    #expect(block[1] == 200_000)
  }

  @Test func theProcessShowsWhatTheSystemSaysOfIt() throws {
    let families = ProcessMetrics(version: "1.2.3").metrics()
    func value(_ name: String) throws -> Double {
      let family = try #require(families.first { $0.name == name })
      guard case .number(let number) = try #require(family.samples.first).value else { return -1 }
      return number
    }
    #expect(try value("process_resident_memory_bytes") > 1_000_000)
    #expect(try value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
    #expect(try value("process_open_fds") >= 3)
    #expect(try value("process_max_fds") >= value("process_open_fds"))
    // After 2020.
    #expect(try value("process_start_time_seconds") > 1_577_836_800)
    #expect(try value("process_cpu_seconds_total") >= 0)
  }
}
