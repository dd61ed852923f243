/// Metrics as text (Prometheus text format 0.0.4).
public enum MetricsText {
  /// What the text's `Content-Type` is.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The text of metrics, in the order given.
  public static func text(_ families: [MetricFamily]) -> String {
    var text = ""
    for family in families {
      text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
      text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
      for sample in family.samples { write(sample, of: family.name, to: &text) }
    }
    return text
  }

  private static func write(_ sample: MetricSample, of name: String, to text: inout String) {
    let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
    switch sample.value {
    case .number(let number): write(name, labels, number, to: &text)
    case .histogram(let histogram):
      var total = 0
      for (index, count) in histogram.counts.enumerated() {
        total += count
        let bound = index < histogram.bounds.count ? formatted(histogram.bounds[index]) : "+Inf"
        write("\(name)_bucket", labels + ["le=\"\(bound)\""], Double(total), to: &text)
      }
      write("\(name)_sum", labels, histogram.sum, to: &text)
      write("\(name)_count", labels, Double(total), to: &text)
    }
  }

  private static func write(
    _ name: String, _ labels: [String], _ value: Double, to text: inout String
  ) {
    text += name
    if !labels.isEmpty { text += "{\(labels.joined(separator: ","))}" }
    text += " \(formatted(value))\n"
  }

  /// Whole numbers without a fraction, and others with at most six digits of it: microseconds.
  private static func formatted(_ value: Double) -> String {
    if let whole = Int(exactly: value) { return "\(whole)" }
    let scaled = (value * 1e6).rounded()
    guard scaled.magnitude < 1e15 else { return "\(value)" }
    let (quotient, remainder) = Int(scaled.magnitude).quotientAndRemainder(dividingBy: 1_000_000)
    guard remainder > 0 else { return "\(scaled < 0 ? "-" : "")\(quotient)" }
    var fraction = "\(1_000_000 + remainder)".dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    return "\(scaled < 0 ? "-" : "")\(quotient).\(fraction)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
