/// Elements that keep their index and their address from insertion to removal.
///
/// Pages of fixed size and a free list: inserting never moves what is there, so a pointer into an
/// element stays good while the element does. Confined to the thread of its owner.
struct SlotTable<Element>: ~Copyable {
  private static var pageBits: Int { 8 }
  private static var pageSize: Int { 1 << pageBits }

  private var pages: [UnsafeMutablePointer<Element>] = []
  private var used: [Bool] = []
  private var free: [Int32] = []

  /// How many elements are in the table.
  private(set) var count = 0

  deinit {
    for index in used.indices where used[index] {
      (pages[index >> Self.pageBits] + (index & (Self.pageSize - 1))).deinitialize(count: 1)
    }
    for page in pages { page.deallocate() }
  }

  /// Puts an element in and gives its index.
  mutating func insert(_ element: consuming Element) -> Int32 {
    if free.isEmpty { addPage() }
    let index = free.removeLast()
    used[Int(index)] = true
    count += 1
    address(index).initialize(to: element)
    return index
  }

  /// Takes an element out.
  mutating func remove(_ index: Int32) -> Element {
    precondition(used[Int(index)], "a slot is freed once")
    used[Int(index)] = false
    free.append(index)
    count -= 1
    return address(index).move()
  }

  /// The element at an index that `insert` gave and `remove` has not taken.
  subscript(_ index: Int32) -> UnsafeMutablePointer<Element> {
    assert(used[Int(index)])
    return address(index)
  }

  /// Calls `body` with every index in use.
  func forEachIndex(_ body: (Int32) -> Void) {
    for index in used.indices where used[index] { body(Int32(index)) }
  }

  private func address(_ index: Int32) -> UnsafeMutablePointer<Element> {
    pages[Int(index) >> Self.pageBits] + (Int(index) & (Self.pageSize - 1))
  }

  private mutating func addPage() {
    let first = pages.count << Self.pageBits
    pages.append(.allocate(capacity: Self.pageSize))
    used.append(contentsOf: repeatElement(false, count: Self.pageSize))
    free.append(contentsOf: (first..<first + Self.pageSize).reversed().map(Int32.init))
  }
}
