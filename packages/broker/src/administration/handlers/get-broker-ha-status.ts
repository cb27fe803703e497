import { type commands, type HaRuntime, haRuntimeBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

/** A master tells nothing in the place of what a slave would know of its master. */
const notASlave: HaRuntime['haClientRuntimeInfo'] = {
  transferredByteInSecond: 0,
  maxOffset: 0,
  lastReadTimestamp: 0,
  lastWriteTimestamp: 0,
  masterFlushOffset: 0,
  activated: false,
}

/** GET_BROKER_HA_STATUS: how far the log is, and each slave in it. This broker is a master that has no slaves. */
export function getBrokerHaStatus(parts: {
  store: { readonly positions: { readonly max: number } }
}): Handler<typeof commands.getBrokerHaStatus> {
  return () => ({
    body: haRuntimeBody.encode({
      master: true,
      masterCommitLogMaxOffset: parts.store.positions.max,
      inSyncSlaveNums: 0,
      haConnectionInfo: [],
      haClientRuntimeInfo: notASlave,
    }),
  })
}
