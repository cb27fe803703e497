import {
  EncodedProperties,
  findMessageProperty,
  liteQueueOf,
  liteTopicProblem,
  ProtocolError,
  propertyName,
} from '@rocketmq-ts/protocol'
import { withProperties } from '../intake/property-text.ts'

/**
 * A message of a lite topic: it names the light queue of that.
 * @param properties with the mark of a lite topic
 * @param attributes of its topic; one whose message.type is not LITE has no lite topics
 * @throws ProtocolError MESSAGE_ILLEGAL when nothing can be named so
 */
export function placedInLiteTopic(
  properties: EncodedProperties,
  topic: string,
  attributes: ReadonlyMap<string, string> | undefined,
): EncodedProperties {
  if (attributes?.get('message.type') !== 'LITE') return properties
  const { text } = properties
  const liteTopic = findMessageProperty(text, propertyName.liteTopic) ?? ''
  const problem = liteTopicProblem(liteTopic)
  if (problem !== undefined) throw new ProtocolError('MESSAGE_ILLEGAL', `${problem} (${propertyName.liteTopic})`)
  const queue = liteQueueOf(topic, liteTopic)
  return EncodedProperties.ofText(withProperties(text, { [propertyName.multiDispatch]: queue }))
}
