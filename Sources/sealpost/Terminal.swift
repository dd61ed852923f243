import Foundation
import Synchronization

/// The terminal while a table is shown on it: its other screen, no cursor, keys without Enter. Given back as
/// it was when it ends, by whatever way; signals wake whoever waits (termios(3), console_codes(4)).
///
/// For one thread, and one at a time in the process.
final class Terminal {
  /// What whoever waits is woken by.
  enum Wake: Equatable {
    /// The time is over.
    case time
    /// A key.
    case key(UInt8)
    /// The size changed.
    case resized
    /// A signal that ends the process.
    case signal(Int32)
    /// Nobody is at the terminal any more.
    case gone
  }

  private static let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  private var saved: termios?
  private var isShown = false
  private var keys: Int32 = STDIN_FILENO

  /// Takes the terminal over.
  init() {
    _ = terminalWriteEnd.load(ordering: .relaxed)
    for number in Self.endings + [SIGWINCH] {
      signal(number) { number in
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(terminalWriteEnd.load(ordering: .relaxed), &byte, 1)
      }
    }
    show()
  }

  deinit { close() }

  /// Gives the terminal back. Does nothing the second time.
  func close() {
    guard isShown else { return }
    isShown = false
    put("\u{1B}[?25h\u{1B}[?1049l")
    if var saved { tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved) }
  }

  /// Columns and lines.
  var size: (columns: Int, lines: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Shows lines from the top, as many as there is room for.
  func draw(_ lines: [String]) {
    let text = lines.prefix(size.lines).joined(separator: "\u{1B}[K\n")
    put("\u{1B}[H" + text + "\u{1B}[K\u{1B}[J")
  }

  /// Waits for a key, a signal, or so long.
  func wait(milliseconds: Int32) -> Wake {
    var descriptors = [
      pollfd(
        fd: terminalPipe.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: keys, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&descriptors, 2, milliseconds) > 0 else { return .time }
    var byte: UInt8 = 0
    if descriptors[0].revents != 0 {
      guard read(descriptors[0].fd, &byte, 1) == 1 else { return .time }
      return Int32(byte) == SIGWINCH ? .resized : .signal(Int32(byte))
    }
    guard read(keys, &byte, 1) == 1 else {
      // Where there are no keys to come the terminal may still be there, as with `< /dev/null`.
      let wasTerminal = isatty(keys) == 1
      keys = -1
      return wasTerminal ? .gone : .time
    }
    return .key(byte)
  }

  /// Stops as a shell's Ctrl-Z does, with the terminal given back meanwhile.
  func suspend() {
    close()
    // To this thread: by kill(2) another one takes it, and this one would go on for a moment.
    raise(SIGSTOP)
    show()
  }

  private func show() {
    var state = termios()
    if tcgetattr(STDIN_FILENO, &state) == 0 {
      saved = state
      // Ctrl-C and Ctrl-Z come as keys, so that all ways out go through `close`.
      state.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &state)
    }
    put("\u{1B}[?1049h\u{1B}[?25l")
    isShown = true
  }

  /// Writes all of it, however slow the terminal is.
  private func put(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if written < 0, errno != EINTR { return }
      bytes = bytes.dropFirst(max(0, written))
    }
  }
}

// A handler may reach nothing but what is global.
private let terminalPipe = Pipe()
private let terminalWriteEnd = Atomic(terminalPipe.fileHandleForWriting.fileDescriptor)
