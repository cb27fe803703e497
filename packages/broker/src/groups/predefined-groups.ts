/** Groups that every broker has from the start. */
export const predefinedGroups = [
  'TOOLS_CONSUMER',
  'FILTERSRV_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  'CID_RMQ_SYS_TRANS',
] as const

const systemGroupPrefix = 'CID_RMQ_SYS_'

/** Groups of the system's own consumers: they are created whatever the settings say. */
export function isSystemGroup(group: string): boolean {
  return group.startsWith(systemGroupPrefix)
}
