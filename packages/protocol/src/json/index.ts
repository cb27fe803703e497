export { javaDouble } from './java-double.ts'
export { JsonError } from './json-error.ts'
export {
  JsonDouble,
  type JsonObject,
  type JsonObjectKeyed,
  type JsonTable,
  type JsonValue,
  type Writable,
  type WritableObject,
} from './json-value.ts'
export { type JsonLimits, parseJson } from './parse-json.ts'
export { shown } from './shown.ts'
export { type JsonStyle, stringifyJava, stringifyStandard, writeJson } from './write-json.ts'
