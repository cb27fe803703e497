import { defineBody } from './body.ts'
import { dataVersionShape } from './data-version.ts'
import { nameTable, optional, record, type ShapeValue, withDefault } from './shape/index.ts'
import { topicConfigShape } from './topic-config.ts'
import { topicQueueMappingDetailShape, topicQueueMappingInfoShape } from './topic-queue-mapping.ts'

const topicConfigTableFields = {
  dataVersion: withDefault(dataVersionShape, () => ({ counter: 0, stateVersion: 0, timestamp: 0 })),
  topicConfigTable: withDefault(nameTable(topicConfigShape), () => new Map()),
}

const topicConfigTableShape = record(topicConfigTableFields)

/** A broker's topics. */
export type TopicConfigTable = ShapeValue<typeof topicConfigTableShape>

/** Content of topics.json. */
export const topicConfigTableBody = defineBody('TopicConfigSerializeWrapper', topicConfigTableShape)

export const topicConfigAndMappingTableShape = record({
  ...topicConfigTableFields,
  mappingDataVersion: optional(dataVersionShape),
  topicQueueMappingDetailMap: withDefault(nameTable(topicQueueMappingDetailShape), () => new Map()),
  topicQueueMappingInfoMap: withDefault(nameTable(topicQueueMappingInfoShape), () => new Map()),
})

/** A broker's topics with the mappings of its static ones. */
export type TopicConfigAndMappingTable = ShapeValue<typeof topicConfigAndMappingTableShape>

/** Response body of request 21; part of the body of request 103. */
export const topicConfigAndMappingTableBody = defineBody(
  'TopicConfigAndMappingSerializeWrapper',
  topicConfigAndMappingTableShape,
)

/** A table of topics none of which is static. */
export function withoutMappings(table: TopicConfigTable): TopicConfigAndMappingTable {
  return {
    ...table,
    mappingDataVersion: { counter: 0, stateVersion: 0, timestamp: table.dataVersion.timestamp },
    topicQueueMappingDetailMap: new Map(),
    topicQueueMappingInfoMap: new Map(),
  }
}
