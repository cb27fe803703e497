/** Bits of a message's sysFlag. */
export const sysFlag = {
  compressed: 0x1,
  multiTags: 0x2,
  transactionPrepared: 0x4,
  transactionCommit: 0x8,
  transactionRollback: 0xc,
  transactionMask: 0xc,
  bornHostV6: 0x10,
  storeHostV6: 0x20,
  needUnwrap: 0x40,
  innerBatch: 0x80,
} as const
