/// A field of a form with what is wrong with it.
struct FieldView {
  let id, label: String
  let value: Markup
  let hint: String
  var fault: String?
  var type = "text"
  var optional = false
  var isMono = false
  var placeholder: String?
  var inputMode: String?

  init(
    _ id: String, _ label: String, _ value: String, hint: String, fault: String? = nil,
    type: String = "text", isOptional: Bool = false, isMono: Bool = false,
    placeholder: String? = nil, inputMode: String? = nil
  ) {
    self.id = id
    self.label = label
    self.value = Markup(formValue: value)
    self.hint = hint
    self.fault = fault
    self.type = type
    optional = isOptional
    self.isMono = isMono
    self.placeholder = placeholder
    self.inputMode = inputMode
  }
}
