import { JsonError, parseJson, stringifyStandard } from '../json/index.ts'
import { BodyError } from './body-error.ts'
import { nameTable, text } from './shape/index.ts'
import { newTopicConfig, type TopicConfig } from './topic-config.ts'

const attributesShape = nameTable(text)

/**
 * Writes a topic in the form that compressed registrations hold:
 *
 *     name readQueueNums writeQueueNums perm SINGLE_TAG {"attribute":"value"}
 *
 * `order` and `topicSysFlag` are not part of it. Blanks inside of attributes are written as `\u0020`, since the Java
 * peers split the text at blanks.
 *
 * @throws BodyError when the name holds a blank
 */
export function formatTopicConfigText(config: TopicConfig): string {
  const { topicName, readQueueNums, writeQueueNums, perm, topicFilterType } = config
  if (topicName === '' || topicName.includes(' ')) {
    throw new BodyError(`must have no blank, is ${JSON.stringify(topicName)}`, { path: ['topicName'] })
  }
  const attributes = stringifyStandard(config.attributes).replaceAll(' ', '\\u0020')
  return `${topicName} ${readQueueNums} ${writeQueueNums} ${perm} ${topicFilterType} ${attributes}`
}

/**
 * Reads the form that `formatTopicConfigText` writes. As in the Java peers, attributes may be missing, and unreadable
 * attributes count as none.
 *
 * @throws BodyError when a part is missing or no number
 */
export function parseTopicConfigText(source: string): TopicConfig {
  const parts = source.split(' ', 6)
  if (parts.length < 5)
    throw new BodyError(`must have 5 parts separated by blanks, is ${JSON.stringify(source.slice(0, 40))}`)
  const [topicName = '', readQueueNums = '', writeQueueNums = '', perm = '', filterType = '', attributes] = parts
  if (topicName === '') throw new BodyError('is empty', { path: ['topicName'] })
  if (filterType !== 'SINGLE_TAG' && filterType !== 'MULTI_TAG') {
    throw new BodyError(`must be SINGLE_TAG or MULTI_TAG, is ${JSON.stringify(filterType)}`, {
      path: ['topicFilterType'],
    })
  }
  return newTopicConfig(topicName, {
    readQueueNums: integerPart(readQueueNums, 'readQueueNums'),
    writeQueueNums: integerPart(writeQueueNums, 'writeQueueNums'),
    perm: integerPart(perm, 'perm'),
    topicFilterType: filterType,
    attributes: attributes === undefined ? new Map() : attributesPart(attributes),
  })
}

function integerPart(part: string, field: string): number {
  const value = /^[-+]?[0-9]{1,10}$/.test(part) ? Number(part) : Number.NaN
  if (!(value >= -0x80000000 && value <= 0x7fffffff)) {
    throw new BodyError(`must be an integer of 32 bits, is ${JSON.stringify(part.slice(0, 40))}`, { path: [field] })
  }
  return value
}

function attributesPart(part: string): Map<string, string> {
  try {
    return attributesShape.decode(parseJson(part))
  } catch (error) {
    if (error instanceof JsonError || error instanceof BodyError) return new Map()
    throw error
  }
}
