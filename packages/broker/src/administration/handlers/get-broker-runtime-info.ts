import { type commands, keyValueTableBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { type RuntimeInfoParts, runtimeInfo } from '../runtime-info.ts'

/** GET_BROKER_RUNTIME_INFO: what mqadmin's brokerStatus and clusterList show. */
export function getBrokerRuntimeInfo(parts: RuntimeInfoParts): Handler<typeof commands.getBrokerRuntimeInfo> {
  return () => ({ body: keyValueTableBody.encode({ table: runtimeInfo(parts) }) })
}
