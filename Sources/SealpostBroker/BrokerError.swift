/// What goes wrong between us and the broker, by what can be done about it.
public enum BrokerError: Error, Hashable, Sendable {
  /// A URL that is none.
  case badURL(url: String, why: String)
  /// No address takes a connection: each with the reason.
  case unreachable([String])
  /// The broker does not know the user or the password.
  case accessRefused(url: String, words: String)
  /// The broker knows no user for our certificate.
  case certificateRefused(url: String, words: String)
  /// The broker does not offer the way in which we want to log in.
  case mechanismNotOffered(url: String, wanted: String, offered: String)
  /// The virtual host is not there, or not for this user.
  case vhostRefused(url: String, words: String)
  /// A queue or exchange is there with other arguments than ours.
  case preconditionFailed(words: String)
  /// A queue or exchange is not there.
  case notFound(words: String)
  /// The user may not do this.
  case notPermitted(words: String)
  /// The consumer was cancelled: its queue was deleted.
  case consumerCancelled(queue: String)
  /// The broker closed the connection or the channel.
  case closedByBroker(code: Int, words: String)
  /// The connection broke.
  case connectionLost(String)
  /// The broker did not answer in time.
  case deadline(String)
  /// The broker does not keep what the ladder holds.
  case unsafeBroker(String)

  /// Whether trying again later can help without anybody changing a setting.
  public var isRetriable: Bool {
    switch self {
    case .badURL, .preconditionFailed, .unsafeBroker: false
    case .accessRefused, .certificateRefused, .mechanismNotOffered, .vhostRefused, .notPermitted,
      .unreachable, .notFound, .consumerCancelled,
      .closedByBroker, .connectionLost, .deadline:
      true
    }
  }

  /// Whether a queue or exchange is not there.
  public var isMissingObject: Bool {
    if case .notFound = self { return true }
    return false
  }

  /// What is wrong and how to mend it.
  public var sentence: String {
    switch self {
    case .badURL(let url, let why):
      "\(url) is no AMQP URL: \(why). Set SEALPOST_AMQP_URL to one such as amqp://user:password@host:5672/vhost."
    case .unreachable(let reasons):
      "No broker could be reached: \(reasons.joined(separator: "; ")). Start RabbitMQ or correct SEALPOST_AMQP_URL."
    case .accessRefused(let url, let words):
      "The broker at \(url) refused the login (\(words)). Correct user and password in SEALPOST_AMQP_URL."
    case .certificateRefused(let url, let words):
      "The broker at \(url) knows no user for our certificate (\(words)). Add a user of the name that it takes from the certificate (ssl_cert_login_from of RabbitMQ), or correct certfile in SEALPOST_AMQP_URL."
    case .mechanismNotOffered(let url, let wanted, let offered):
      "The broker at \(url) offers no login by \(wanted), only \(offered). Enable its plugin rabbitmq_auth_mechanism_ssl and add EXTERNAL to auth_mechanisms, or correct auth_mechanism in SEALPOST_AMQP_URL."
    case .vhostRefused(let url, let words):
      "The broker at \(url) refused the virtual host (\(words)). Create it with `rabbitmqctl add_vhost`, give the user permissions, or correct the path of SEALPOST_AMQP_URL."
    case .preconditionFailed(let words):
      "An object of ours exists with other arguments (\(words)). Delete it when it is empty, or set SEALPOST_NAMESPACE to another name."
    case .notFound(let words):
      "A queue or exchange is missing (\(words)). `sealpost serve` declares it at its start."
    case .notPermitted(let words):
      "The user may not do this (\(words)). Give it configure, write and read on the namespace with `rabbitmqctl set_permissions`."
    case .consumerCancelled(let queue):
      "The queue \(queue) was deleted while it was consumed. It is declared again on the next connection."
    case .closedByBroker(let code, let words):
      "The broker closed the connection (\(code) \(words))."
    case .connectionLost(let why): "The connection to the broker broke (\(why))."
    case .deadline(let what): "The broker did not answer in time: \(what)."
    case .unsafeBroker(let why):
      "The broker does not keep messages as the ladder needs it: \(why). Retries could be lost, so the worker does not start; SEALPOST_ALLOW_UNSAFE_BROKER=true overrides this."
    }
  }
}
