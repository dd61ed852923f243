import Foundation
import HTTPTypes
import SealpostCore

/// The description of the API (OpenAPI 3.1), made from the operations that its routes are made from.
enum OpenAPIDocument {
  /// The document as it is sent.
  static let bytes: [UInt8] = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8]((try? encoder.encode(document)) ?? Data())
  }()

  private static var document: JSONValue {
    [
      "openapi": "3.1.0",
      "info": [
        "title": "Sealpost", "version": "3",
        "description":
          "Webhooks, their event log, and events in. Errors are {message, code} and name the fields that are wrong.",
      ],
      "paths": .object(
        Dictionary(grouping: APIRoutes.operations, by: \.path).mapValues { operations in
          .object(
            Dictionary(
              uniqueKeysWithValues: operations.map {
                ($0.method.rawValue.lowercased(), describe($0))
              }))
        }),
      "components": [
        "schemas": .object(Schemas.components),
        "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
        "responses": [
          "Error": [
            "description": "What is wrong and how to mend it.",
            "content": ["application/json": ["schema": Schemas.reference("Error")]],
          ]
        ],
      ],
      "security": [["token": []]],
    ]
  }

  private static func describe(_ operation: APIOperation) -> JSONValue {
    var parameters = operation.parameters.map(describe)
    if operation.takesIdempotencyKey {
      parameters.append(
        describe(
          APIParameter(
            name: "Idempotency-Key", place: .header,
            description:
              "The same for a request that is repeated: it is carried out once in a day.",
            schema: ["type": "string", "pattern": "^[!-~]{1,255}$"])))
    }
    var described: [String: JSONValue] = [
      "operationId": .text(operation.name), "summary": .text(operation.summary),
      "description": .text("Needs the scope \(operation.scope.rawValue)."),
      "parameters": .list(parameters), "responses": answers(operation),
    ]
    if let body = operation.body {
      described["requestBody"] = [
        "required": .flag(!operation.isBodyOptional),
        "content": ["application/json": ["schema": body]],
      ]
    }
    return .object(described)
  }

  private static func describe(_ parameter: APIParameter) -> JSONValue {
    [
      "name": .text(parameter.name), "in": .text(parameter.place.rawValue),
      "description": .text(parameter.description), "required": .flag(parameter.place == .path),
      "schema": parameter.schema,
    ]
  }

  private static func answers(_ operation: APIOperation) -> JSONValue {
    var success: [String: JSONValue] = ["description": .text(operation.answer.description)]
    if let schema = operation.answer.schema {
      success["content"] = ["application/json": ["schema": schema]]
    }
    let links = links(operation)
    if !links.isEmpty { success["links"] = .object(links) }
    var answers: [String: JSONValue] = ["\(operation.answer.status)": .object(success)]
    for status in ["400", "401", "403", "404", "409", "413", "429", "500", "503"] {
      answers[status] = ["$ref": "#/components/responses/Error"]
    }
    return .object(answers)
  }

  /// What can be done next with what an answer shows: where its identity stands, and which operations take it.
  private static func links(_ operation: APIOperation) -> [String: JSONValue] {
    let identity: JSONValue =
      operation.method == .post ? "$response.body#/id" : "$response.body#/0/id"
    let parameters: [String: JSONValue]
    let prefix: String
    switch operation.name {
    case "createReplay":
      (prefix, parameters) = (
        operation.path + "/{", ["id": "$request.path.id", "replay": identity]
      )
    case "createWebhook", "listWebhooks", "listLog", "listDeadDeliveries", "listRejectedMessages":
      (prefix, parameters) = (operation.path + "/{", ["id": identity])
    default: return [:]
    }
    let next = APIRoutes.operations.filter {
      $0.path.hasPrefix(prefix)
        && ($0.path.contains("{replay}") == (operation.name == "createReplay"))
    }
    return Dictionary(
      uniqueKeysWithValues: next.map {
        ($0.name, ["operationId": .text($0.name), "parameters": .object(parameters)])
      })
  }
}
