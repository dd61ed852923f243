import Glibc

/// What libFuzzer calls with each input. One program holds all targets; SEALPOST_FUZZ_TARGET names the one.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  run(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}

private typealias Target = @Sendable (UnsafeRawBufferPointer) -> Void

private let run: Target = {
  let name = getenv("SEALPOST_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = targets[name] else {
    complain("SEALPOST_FUZZ_TARGET is none of \(targets.keys.sorted().joined(separator: ", "))")
    exit(64)
  }
  return target
}()

private let targets: [String: Target] = [
  "event": fuzzEvent, "json-string": fuzzJSONString, "timestamp": fuzzTimestamp,
  "retry-after": fuzzRetryAfter, "url": fuzzURL, "pattern": fuzzPattern,
  "broker-url": fuzzBrokerURL,
  "properties": fuzzProperties, "retry-headers": fuzzRetryHeaders, "login": fuzzLogin,
  "frames": fuzzFrames, "confirms": fuzzConfirms,
]

/// Ends the run with a finding where a promise does not hold.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String) {
  if holds { return }
  complain("broken promise: \(promise())")
  abort()
}

private func complain(_ text: String) {
  var line = text + "\n"
  line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// The input as text, or nil where it is no UTF-8.
func text(_ input: UnsafeRawBufferPointer) -> String? { String(validating: input, as: UTF8.self) }
