import Glibc

/// What the system says of this process, under the names that are usual for it (Prometheus, Writing client
/// libraries, Process metrics). Read from proc(5) when it is asked for.
public struct ProcessMetrics: Monitored {
  private let version: String

  /// - Parameter version: the program's.
  public init(version: String) { self.version = version }

  /// As `Monitored` says.
  public func metrics() -> [MetricFamily] {
    var families = [
      MetricFamily(
        "sealpost_build_info", .gauge, "Always 1; the label tells which version runs.",
        [MetricSample(1, ("version", version))])
    ]
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    // Behind the name of the command, which ends at the last parenthesis and may hold spaces.
    let fields = Self.read("/proc/self/stat").split(separator: ")").last?.split(separator: " ")
      .map { Double($0) ?? 0 }
    if let fields, fields.count > 21 {
      families += [
        MetricFamily(
          "process_cpu_seconds_total", .counter, "User and system CPU time.",
          (fields[11] + fields[12]) / ticks),
        MetricFamily(
          "process_virtual_memory_bytes", .gauge, "Virtual memory.", fields[20]),
        MetricFamily(
          "process_resident_memory_bytes", .gauge, "Resident memory.",
          fields[21] * Double(sysconf(Int32(_SC_PAGESIZE)))),
        MetricFamily(
          "process_start_time_seconds", .gauge, "When the process began, in seconds since 1970.",
          Self.bootTime + fields[19] / ticks),
      ]
    }
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    families += [
      MetricFamily("process_open_fds", .gauge, "Open file descriptors.", Self.openDescriptors()),
      MetricFamily(
        "process_max_fds", .gauge, "How many file descriptors may be open.",
        Double(limit.rlim_cur)),
    ]
    return families
  }

  private static let bootTime: Double = {
    for line in read("/proc/stat").split(separator: "\n") where line.hasPrefix("btime ") {
      return Double(line.dropFirst(6)) ?? 0
    }
    return 0
  }()

  private static func openDescriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    // Not counted: the folder itself, and what it calls itself and its parent.
    var count = -3
    while readdir(folder) != nil { count += 1 }
    return max(0, count)
  }

  private static func read(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while true {
      let before = bytes.count
      let got = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
        let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if got > 0 { bytes.append(contentsOf: buffer[..<got]) }
        return got
      }
      guard got > 0, bytes.count > before else { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
