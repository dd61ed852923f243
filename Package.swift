// swift-tools-version: 6.1
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .target(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .testTarget(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")

let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")

let package = Package(
  name: "sealpost",
  products: [
    .executable(name: "sealpost", targets: ["sealpost"]),
    .library(name: "SealpostPublisher", targets: ["SealpostPublisher"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CRabbitMQ", providers: [.apt(["librabbitmq-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CMimalloc", providers: [.apt(["libmimalloc-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

    module("SealpostCore", []),
    module("SealpostMonitoring", ["SealpostCore"]),
    module("SealpostSigning", ["SealpostCore", "COpenSSL"]),
    module("SealpostThreads", ["CLinux"]),
    module("SealpostBroker", ["SealpostCore", "CRabbitMQ", deque]),
    module("SealpostPublisher", ["SealpostCore", "SealpostBroker", "SealpostThreads"]),
    module("SealpostTransport", ["SealpostCore", "CCurl", "CLinux", deque]),
    module(
      "SealpostStore",
      [
        "SealpostCore", "SealpostSigning", "CPostgres", "CSQLite",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    module(
      "SealpostWorker",
      [
        "SealpostCore", "SealpostSigning", "SealpostBroker", "SealpostTransport", "SealpostStore",
        "SealpostMonitoring", "SealpostThreads", "CLinux", "CMimalloc", logging, lifecycle, deque,
      ]),
    module(
      "SealpostControl",
      [
        "SealpostCore", "SealpostSigning", "SealpostBroker", "SealpostTransport", "SealpostStore",
        "SealpostPublisher", "SealpostThreads", "SealpostWorker", "SealpostMonitoring", lifecycle,
      ]),
    module(
      "SealpostServer",
      [
        "SealpostCore", "SealpostSigning", "SealpostBroker", "SealpostStore", "SealpostControl",
        "SealpostMonitoring", logging, lifecycle,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      // In the code, so that the one executable runs from any folder.
      resources: [.embedInCode("Portal/Templates"), .embedInCode("Portal/Assets")]),
    .executableTarget(
      name: "sealpost",
      dependencies: [
        "SealpostCore", "SealpostSigning", "SealpostBroker", "SealpostTransport", "SealpostStore",
        "SealpostPublisher", "SealpostWorker", "SealpostControl", "SealpostServer",
        "SealpostMonitoring", logging,
        lifecycle,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: swiftSettings),
    module("SealpostTesting", ["SealpostCore"]),
    // The engine alone, on URLs from standard input: for Tests/EndToEnd/test_egress_corpus.py.
    .executableTarget(
      name: "EgressProbe", dependencies: ["SealpostCore", "SealpostTransport"],
      path: "Tests/EgressProbe", swiftSettings: swiftSettings),

    tests("SealpostCoreTests", ["SealpostCore"], resources: [.copy("Corpora")]),
    tests("SealpostMonitoringTests", ["SealpostMonitoring"]),
    tests(
      "SealpostSigningTests", ["SealpostCore", "SealpostSigning", "SealpostTesting"],
      resources: [.copy("Corpora")]),
    tests("SealpostBrokerTests", ["SealpostBroker", "SealpostCore", "SealpostTesting"]),
    tests(
      "SealpostTransportTests", ["SealpostCore", "SealpostTransport", "SealpostTesting"],
      resources: [.copy("Corpora")]),
    tests(
      "SealpostStoreTests",
      [
        "SealpostCore", "SealpostSigning", "SealpostStore", "SealpostTesting",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests(
      "SealpostControlTests",
      ["SealpostBroker", "SealpostControl", "SealpostCore", "SealpostWorker"]),
    tests(
      "SealpostPublisherTests",
      ["SealpostBroker", "SealpostCore", "SealpostPublisher", "SealpostTesting"]),
    tests(
      "SealpostWorkerTests",
      [
        "SealpostBroker", "SealpostCore", "SealpostMonitoring", "SealpostStore", "SealpostThreads",
        "SealpostWorker", "SealpostTesting",
      ]),
    tests(
      "SealpostServerTests",
      ["SealpostBroker", "SealpostControl", "SealpostCore", "SealpostServer"]),
  ]
)
