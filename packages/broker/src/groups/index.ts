export { GroupTable, type GroupUpdate } from './group-table.ts'
export { checkNotOwnProgress } from './own-progress.ts'
