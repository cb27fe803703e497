export { ConsumerOffsetTable } from './consumer-offset-table.ts'
