/// A subscription: which events of an account go to which URL, and how.
public struct Webhook: Sendable, Identifiable {
  /// The store's integer key: what rows of the log and the backlog refer to. Never shown.
  public var key: Int64
  /// The public identity, a lower-case UUID.
  public var id: String
  /// The tenant it belongs to.
  public var account: String
  /// The owner's name for it.
  public var name: String
  /// Where deliveries go.
  public var url: WebhookURL
  /// How deliveries are signed.
  public var scheme: SignatureScheme
  /// The current token first, then the previous one while its overlap lasts. Empty where the stored
  /// tokens could not be decrypted: such a webhook's deliveries are parked.
  public var tokens: [WebhookToken]
  /// What it listens to.
  public var events: [EventPattern]
  /// The owner's own headers, checked.
  public var headers: [WebhookHeader]
  /// Whether its owner wants deliveries now.
  public var isActive: Bool
  /// Whether its deliveries wait in the backlog until it goes on.
  public var isPaused: Bool
  /// How it fares.
  public var health: WebhookHealth
  /// Since when it fares so; nil where it never changed.
  public var healthSince: Timestamp?
  /// Its retry policy where it has its own; else the operator's holds.
  public var retry: RetryPolicy? {
    get { aside.first?.retry }
    set { setAside { $0.retry = newValue } }
  }
  /// How long an attempt may take where it has a limit of its own; the operator's holds where that is shorter.
  public var timeout: Duration? {
    get { aside.first?.timeout }
    set { setAside { $0.timeout = newValue } }
  }
  /// What its connections show where the receiver asks for a certificate.
  public var clientCertificate: ClientCertificate? {
    get { aside.first?.clientCertificate }
    set { setAside { $0.clientCertificate = newValue } }
  }
  /// Why its stored settings cannot be used and what has something in its place, for people; nil where all is
  /// well. Its deliveries are parked.
  public var fault: String? {
    get { aside.first?.fault }
    set { setAside { $0.fault = newValue } }
  }
  /// Rises with every change in the store.
  public var revision: Int64
  /// When it was added.
  public var createdAt: Timestamp
  /// When it was last changed.
  public var updatedAt: Timestamp

  /// What few webhooks have: a worker holds a hundred thousand of the others.
  private struct Aside {
    var retry: RetryPolicy?
    var timeout: Duration?
    var clientCertificate: ClientCertificate?
    var fault: String?
  }
  /// Empty, or one.
  private var aside: [Aside] = []

  private mutating func setAside(_ change: (inout Aside) -> Void) {
    var changed = aside.first ?? Aside()
    change(&changed)
    aside = [changed]
  }

  /// Its state in a word: what matters most of its fault, active, paused and health.
  public var status: String {
    if fault != nil { return "invalid" }
    return isActive ? (isPaused ? "paused" : health.rawValue) : "inactive"
  }

  /// Whether its token, and its client certificate's key where it has one, could be decrypted.
  public var hasReadableSecrets: Bool {
    !tokens.isEmpty && clientCertificate.map { $0.privateKey != nil } != false
  }

  /// Makes a webhook from its parts.
  public init(
    key: Int64, id: String, account: String, name: String, url: WebhookURL,
    scheme: SignatureScheme, tokens: [WebhookToken], events: [EventPattern],
    headers: [WebhookHeader] = [], isActive: Bool = true, isPaused: Bool = false,
    health: WebhookHealth = .healthy, healthSince: Timestamp? = nil, retry: RetryPolicy? = nil,
    timeout: Duration? = nil, clientCertificate: ClientCertificate? = nil, revision: Int64,
    createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.key = key
    self.id = id
    self.account = account
    self.name = name
    self.url = url
    self.scheme = scheme
    self.tokens = tokens
    self.events = events
    self.headers = headers
    self.isActive = isActive
    self.isPaused = isPaused
    self.health = health
    self.healthSince = healthSince
    if retry != nil || timeout != nil || clientCertificate != nil {
      aside = [Aside(retry: retry, timeout: timeout, clientCertificate: clientCertificate)]
    }
    self.revision = revision
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}
