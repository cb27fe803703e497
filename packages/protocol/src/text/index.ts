export { formatConfigJson } from './config-json.ts'
export { EncodedProperties, type KnownProperty, marksOf } from './encoded-properties.ts'
export {
  formatJavaProperties,
  JavaPropertiesError,
  type JavaProperty,
  parseJavaProperties,
  parseJavaPropertyLines,
  replaceJavaProperties,
} from './java-properties.ts'
export { continuedHash, javaStringHash } from './java-string-hash.ts'
export { trimJava } from './java-trim.ts'
export {
  decodeMessageProperties,
  encodeMessageProperties,
  findMessageProperty,
  MessagePropertyError,
} from './message-properties.ts'
export { RepeatedValues } from './repeated-values.ts'
export { parseTagExpression, type TagExpression, TagExpressionError } from './tag-expression.ts'
