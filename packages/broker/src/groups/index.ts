export { GroupTable, type GroupUpdate } from './group-table.ts'
export { checkNotOwnProgress } from './own-progress.ts'
export { isSystemGroup, predefinedGroups } from './predefined-groups.ts'
