import { defineBody } from './body.ts'
import { list, record, type ShapeValue, text, withDefault } from './shape/index.ts'
import { topicConfigAndMappingTableShape } from './topic-config-table.ts'

const registerBrokerShape = record({
  filterServerList: withDefault(list(text), () => []),
  topicConfigSerializeWrapper: withDefault(topicConfigAndMappingTableShape, () =>
    topicConfigAndMappingTableShape.decode({}),
  ),
})

/** What a broker registers at a name server: its topics. Body of request 103. */
export type RegisterBroker = ShapeValue<typeof registerBrokerShape>

/** The uncompressed form. */
export const registerBrokerBody = defineBody('RegisterBrokerBody', registerBrokerShape)
