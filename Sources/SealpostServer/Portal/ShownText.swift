/// Foreign text made safe to show. Writing it into a page takes this and nothing else.
enum ShownText {
  /// The text as HTML, for elements and attribute values in quotes. What steers a terminal, turns the
  /// direction of writing or cannot be seen is written out as an escape.
  static func html(_ text: String) -> String {
    var shown = ""
    shown.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      if isDeceptive(scalar) {
        shown += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        append(scalar, to: &shown)
      }
    }
    return shown
  }

  /// The text as it is, as HTML: for the values of a form, which come back.
  static func formValue(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars { append(scalar, to: &shown) }
    return shown
  }

  /// Bytes as text on several lines; whatever is no UTF-8 is replaced.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: Array(bytes), as: UTF8.self)
      .replacing("\r\n", with: "\n")
  }

  // Scalar by scalar: a mark that combines with a quote must not keep it from being escaped.
  private static func append(_ scalar: Unicode.Scalar, to shown: inout String) {
    switch scalar {
    case "<": shown += "&lt;"
    case ">": shown += "&gt;"
    case "&": shown += "&amp;"
    case "\"": shown += "&quot;"
    case "'": shown += "&#39;"
    default: shown.unicodeScalars.append(scalar)
    }
  }

  private static func isDeceptive(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\t": false
    // Joiners, which emoji and several scripts need.
    case "\u{200C}", "\u{200D}": false
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: true
      default: false
      }
    }
  }
}
