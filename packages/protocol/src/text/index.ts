export { formatConfigJson } from './config-json.ts'
export {
  formatJavaProperties,
  JavaPropertiesError,
  type JavaProperty,
  parseJavaProperties,
  parseJavaPropertyLines,
} from './java-properties.ts'
export { javaStringHash } from './java-string-hash.ts'
export {
  decodeMessageProperties,
  encodeMessageProperties,
  findMessageProperty,
  MessagePropertyError,
  propertyReader,
} from './message-properties.ts'
export {
  findRawMessageProperty,
  locateRawMessageProperty,
  type RawPropertyName,
  type RawPropertyRange,
  rawPropertyName,
} from './raw-message-properties.ts'
export { parseTagExpression, type TagExpression, TagExpressionError } from './tag-expression.ts'
