export { ConsumerOffsetTable, type ConsumerOffsetTableOptions } from './consumer-offset-table.ts'
